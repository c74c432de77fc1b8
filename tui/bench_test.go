package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"
)

// BenchmarkMove is a key and the frame after it, with 50 courses of 10 stages.
func BenchmarkMove(b *testing.B) {
	a := New(Options{Home: manyCourses(50), Width: 200, Height: 60})
	keys := []tea.KeyPressMsg{{Code: tea.KeyDown}, {Code: tea.KeyPgDown}, {Code: tea.KeyUp}, {Code: tea.KeyHome}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Update(keys[i%len(keys)])
		a.View()
	}
}

// BenchmarkFilter is a typed letter and the frame after it.
func BenchmarkFilter(b *testing.B) {
	a := New(Options{Home: manyCourses(50), Width: 200, Height: 60})
	a.Update(tea.KeyPressMsg{Code: '/', Text: "/"})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			a.Update(tea.KeyPressMsg{Code: 't', Text: "t"})
		} else {
			a.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
		}
		a.View()
	}
}

// BenchmarkNew is what a picker holds besides its program: see B/op.
func BenchmarkNew(b *testing.B) {
	h := manyCourses(50)
	b.ReportAllocs()
	for b.Loop() {
		New(Options{Home: h}).View()
	}
}

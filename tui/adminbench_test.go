package tui

import (
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// benchmarked is an instructor's screen with 200 sessions.
func benchmarked() (*Admin, [2]Room) {
	s := &school{}
	o := s.options()
	o.Width, o.Height = 160, 50
	o.Now = func() time.Time { return noon }
	a := NewAdmin(o)
	rooms := [2]Room{manySeats(200), manySeats(200)}
	for i := range rooms[1].Sessions {
		rooms[1].Sessions[i].LastInput = noon.Add(-time.Duration(i) * time.Second)
	}
	a.Update(loadedMsg{room: rooms[0], at: noon})
	return a, rooms
}

// BenchmarkAdminRefresh is a new room and the frame after it, in every order.
func BenchmarkAdminRefresh(b *testing.B) {
	a, rooms := benchmarked()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%10 == 0 {
			a.Update(tea.KeyPressMsg{Code: 's', Text: "s"})
		}
		a.Update(loadedMsg{room: rooms[i%2].cleaned(), at: noon})
		a.View()
	}
}

// BenchmarkAdminKey is a key and the frame after it.
func BenchmarkAdminKey(b *testing.B) {
	a, _ := benchmarked()
	keys := []tea.KeyPressMsg{{Code: tea.KeyDown}, {Code: tea.KeyPgDown}, {Code: 's', Text: "s"}, {Code: tea.KeyUp}, {Code: tea.KeyHome}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Update(keys[i%len(keys)])
		a.View()
	}
}

// BenchmarkAdminFilter is a typed letter and the frame after it.
func BenchmarkAdminFilter(b *testing.B) {
	a, _ := benchmarked()
	a.Update(tea.KeyPressMsg{Code: '/', Text: "/"})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			a.Update(tea.KeyPressMsg{Code: 'n', Text: "n"})
		} else {
			a.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
		}
		a.View()
	}
}

// BenchmarkMirror is a screenful of output and the picture after it.
func BenchmarkMirror(b *testing.B) {
	m := newMirror()
	defer m.close()
	m.size(160, 50)
	m.aim(crop{width: 160, height: 49})
	output := strings.Repeat("\x1b[32mwords \x1b[1;34mand more\x1b[m of them, 한글도 있고 ", 150)
	b.SetBytes(int64(len(output)))
	for b.Loop() {
		_, _ = io.WriteString(m, output)
		m.draw()
	}
}

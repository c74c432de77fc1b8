package browser

import (
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Point is where a finger is, in the pixels of the page.
type Point struct{ X, Y float64 }

// Swipe puts a finger down at the first point, leads it over the others, and
// lifts it.
func (b *Tab) Swipe(points ...Point) {
	b.t.Helper()
	b.touch(input.DispatchTouchEventTypeTouchStart, points[0])
	for _, p := range points[1:] {
		b.touch(input.DispatchTouchEventTypeTouchMove, p)
	}
	b.touch(input.DispatchTouchEventTypeTouchEnd)
}

// Pinch leads two fingers from around a point away from each other.
func (b *Tab) Pinch(at Point) {
	b.t.Helper()
	apart := func(by float64) []Point { return []Point{{at.X, at.Y - by}, {at.X, at.Y + by}} }
	b.touch(input.DispatchTouchEventTypeTouchStart, apart(10)[:1]...) // one is the first
	b.touch(input.DispatchTouchEventTypeTouchStart, apart(10)...)
	for by := 20.0; by <= 160; by += 10 {
		b.touch(input.DispatchTouchEventTypeTouchMove, apart(by)...)
	}
	b.touch(input.DispatchTouchEventTypeTouchEnd)
}

func (b *Tab) touch(kind input.DispatchTouchEventType, fingers ...Point) {
	b.t.Helper()
	touched := []*input.TouchPoint{}
	for i, p := range fingers {
		id := float64(i)
		touched = append(touched, &input.TouchPoint{X: p.X, Y: p.Y, ID: &id})
	}
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: touched})
		return err
	}, "touch: "+kind.String())
}

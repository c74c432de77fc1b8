package sandbox

// Bounds of a terminal's size. The upper ones are more than any screen needs
// and keep one client from making a program allocate gigabytes.
const (
	MaxCols = 500
	MaxRows = 200
)

// Size is a terminal's size in character cells.
type Size struct{ Cols, Rows int }

// Clamp returns the size with both sides inside 1…MaxCols and 1…MaxRows; a
// side that is 0 or negative, which some clients send for "unknown", becomes
// that of a 80×24 terminal.
func (s Size) Clamp() Size {
	if s.Cols <= 0 {
		s.Cols = 80
	}
	if s.Rows <= 0 {
		s.Rows = 24
	}
	return Size{Cols: min(s.Cols, MaxCols), Rows: min(s.Rows, MaxRows)}
}

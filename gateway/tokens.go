package gateway

import (
	"fmt"
	"io"
	"strconv"

	"lectern/progress"
	"lectern/tui"
)

// tokenUsage is what a learner has used of a model, as the command progress prints
// it as JSON. Tokens that the model read from its cache are counted, and charged
// to nobody.
type tokenUsage struct {
	Today  tokenCount `json:"today"`
	Total  tokenCount `json:"total"`
	PerDay int64      `json:"perDay,omitempty"`
	Left   *int64     `json:"leftToday,omitempty"`
}

type tokenCount struct {
	progress.Tokens
	Charged int64 `json:"charged"`
}

// usageOf is nil for a learner who has used none.
func (s *Server) usageOf(login string) (*tokenUsage, error) {
	today, total, err := s.Progress.Usage(login)
	if err != nil || total == (progress.Tokens{}) {
		return nil, err
	}
	u := &tokenUsage{Today: tokenCount{today, charged(today)}, Total: tokenCount{total, charged(total)}, PerDay: s.TokensPerDay}
	if u.PerDay > 0 {
		left := max(0, u.PerDay-u.Today.Charged)
		u.Left = &left
	}
	return u, nil
}

// write says it to people.
func (u *tokenUsage) write(w io.Writer) {
	if u == nil {
		return
	}
	line := fmt.Sprintf("Tokens: %s today, %s in all.", grouped(u.Today.Charged), grouped(u.Total.Charged))
	switch {
	case u.Left == nil:
	case *u.Left == 0:
		line += " None are left until midnight UTC."
	default:
		line += fmt.Sprintf(" Today %s are left.", grouped(*u.Left))
	}
	_, _ = fmt.Fprintln(w, line)
}

// grouped writes a number with a comma before each three digits.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	out := make([]byte, 0, len(digits)+len(digits)/3)
	for i := range len(digits) {
		if left := len(digits) - i; i > 0 && left%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, digits[i])
	}
	return string(out)
}

// inPicker is what the picker shows of it.
func (u *tokenUsage) inPicker() *tui.Tokens {
	if u == nil {
		return nil
	}
	return &tui.Tokens{Today: u.Today.Charged, PerDay: u.PerDay}
}

package gateway

import "testing"

// TestPickerWithoutInput: nobody can leave a picker whose input has ended.
func TestPickerWithoutInput(t *testing.T) {
	l := newLab(t, func(o *Options) { o.MaxSessions = 1 })
	l.fill()
	for name, stay := range map[string]func(*terminal){
		"in the list":  func(*terminal) {},
		"in the queue": func(c *terminal) { c.types("\r"); c.shows("in the queue") },
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, l.dial(), "")
			c.shows("Only stage")
			stay(c)
			if err := c.in.Close(); err != nil {
				t.Fatal(err)
			}
			c.expect("Your input has ended")
			c.wantStatus(1)
		})
	}
}

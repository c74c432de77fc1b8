package tutor

import (
	"reflect"
	"testing"
)

// TestMastery answers with a given rightness each time a question is asked.
func TestMastery(t *testing.T) {
	tests := []struct {
		name    string
		answers []bool
		asked   []int
		score   int
	}{
		{"all right", []bool{true, true, true}, []int{0, 1, 2}, 3},
		{"one comes back", []bool{true, false, true, true}, []int{0, 1, 2, 1}, 2},
		{"the last comes back at once", []bool{true, true, false, true}, []int{0, 1, 2, 2}, 2},
		{"all come back, one twice", []bool{false, false, false, false, true, true, true}, []int{0, 1, 2, 0, 1, 2, 0}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q := newQuiz(3)
			var asked []int
			for _, isRight := range test.answers {
				if q.over() {
					t.Fatal("it is over too early")
				}
				if !q.sound(3) {
					t.Fatalf("%+v is not sound", q)
				}
				asked = append(asked, q.current())
				q.judge(isRight)
				if !q.sound(3) {
					t.Fatalf("%+v is not sound", q)
				}
				if want := isRight || q.Tries[q.current()] > 1; q.open() != want {
					t.Errorf("explanation open: %v, want %v", q.open(), want)
				}
				q.next()
			}
			if !q.over() || !q.sound(3) || q.mastered() != 3 {
				t.Errorf("%+v is not over", q)
			}
			if !reflect.DeepEqual(asked, test.asked) || q.score() != test.score {
				t.Errorf("asked %v with score %d, want %v with %d", asked, q.score(), test.asked, test.score)
			}
		})
	}
}

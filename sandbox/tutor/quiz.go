package tutor

import "slices"

// phase is where the current question stands.
type phase string

const (
	asking   phase = ""      // it waits for an answer
	checking phase = "check" // the learner compares theirs with the model answer
	right    phase = "right" // it was answered rightly, and that is shown
	wrong    phase = "wrong" // it was not, and that is shown
)

// none is the choice of no option.
const none = -1

// quiz is how far a learner is with the questions of a stage. A question that
// was not answered rightly comes back at the end, until all of them were; the
// score counts first attempts.
type quiz struct {
	// Queue are the questions, by their index in the stage, that wait for a
	// right answer; the first of them is asked now.
	Queue []int `json:"queue"`
	// Tries is how often each question was answered.
	Tries []int `json:"tries"`
	// First says which questions were answered rightly at the first attempt.
	First []bool `json:"first"`
	Phase phase  `json:"phase,omitempty"`
	// Choice is the option that is marked, or was chosen; it counts from 0.
	// It is none while no option is marked, so that an Enter too many does
	// not answer the next question.
	Choice int `json:"choice"`
	// Answer is the learner's free response, as far as it is typed. It never
	// leaves this folder.
	Answer string `json:"answer,omitempty"`
}

func newQuiz(questions int) quiz {
	q := quiz{
		Queue:  make([]int, questions),
		Tries:  make([]int, questions),
		First:  make([]bool, questions),
		Choice: none,
	}
	for i := range q.Queue {
		q.Queue[i] = i
	}
	return q
}

// sound reports whether q, which was read from a file, can be a quiz of that
// many questions.
func (q *quiz) sound(questions int) bool {
	if len(q.Tries) != questions || len(q.First) != questions || len(q.Queue) > questions {
		return false
	}
	waits := make([]bool, questions)
	for _, i := range q.Queue {
		if i < 0 || i >= questions || waits[i] {
			return false
		}
		waits[i] = true
	}
	for i, n := range q.Tries {
		if n < 0 || n == 0 && (!waits[i] || q.First[i]) {
			return false
		}
	}
	if !slices.Contains([]phase{asking, checking, right, wrong}, q.Phase) {
		return false
	}
	if len(q.Queue) == 0 {
		return q.Phase == asking
	}
	return q.Choice >= none && (q.Phase == asking || q.Phase == checking || q.Tries[q.Queue[0]] > 0)
}

// over reports whether every question was answered rightly.
func (q *quiz) over() bool { return len(q.Queue) == 0 }

// current is the question that is asked now. There must be one.
func (q *quiz) current() int { return q.Queue[0] }

// judge counts an answer to the current question and shows how it was.
func (q *quiz) judge(isRight bool) {
	i := q.current()
	q.Tries[i]++
	q.Phase = wrong
	if isRight {
		q.Phase = right
		q.First[i] = q.Tries[i] == 1
	}
}

// next goes on to the question after the current one, which was judged.
func (q *quiz) next() {
	i := q.current()
	q.Queue = q.Queue[1:]
	if q.Phase == wrong {
		q.Queue = append(q.Queue, i)
	}
	q.Phase, q.Choice, q.Answer = asking, none, ""
}

// open reports whether the explanation may be seen: after a right answer, and
// after the second attempt.
func (q *quiz) open() bool {
	return q.Phase == right || q.Phase == wrong && q.Tries[q.current()] > 1
}

// again reports whether the current question has come back. The answer that
// is being shown does not count.
func (q *quiz) again() bool {
	n := q.Tries[q.current()]
	if q.Phase == right || q.Phase == wrong {
		n--
	}
	return n > 0
}

// mastered is how many questions were answered rightly.
func (q *quiz) mastered() int {
	n := len(q.Tries) - len(q.Queue)
	if q.Phase == right {
		n++
	}
	return n
}

// score is how many questions were answered rightly at the first attempt.
func (q *quiz) score() int {
	n := 0
	for _, ok := range q.First {
		if ok {
			n++
		}
	}
	return n
}

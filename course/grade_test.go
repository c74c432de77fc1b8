package course

import (
	"strings"
	"testing"
)

func TestGradeChoice(t *testing.T) {
	colours := Question{Kind: MultipleChoice, Options: []string{"It is red", "It is green", "It is `blue`"}, Correct: 1}
	numbers := Question{Kind: MultipleChoice, Options: []string{"1", "2", "3", "6"}, Correct: 2}
	turned := Question{Kind: MultipleChoice, Options: []string{"512", "128", "3", "8"}, Correct: 3}
	truth := Question{Kind: MultipleChoice, Options: []string{"True", "False"}, Correct: 1}
	korean := Question{Kind: MultipleChoice, Options: []string{"빨강", "초록"}, Correct: 0}
	for _, test := range []struct {
		q      Question
		answer string
		want   Verdict
	}{
		{colours, "2", Right}, {colours, " 2) ", Right}, {colours, "b", Right}, {colours, "(B)", Right}, {colours, "option 2", Right},
		{colours, "it is GREEN.", Right}, {colours, "2) It is green", Right}, {colours, "1", Wrong}, {colours, "It is blue", Wrong},
		{colours, "C", Wrong}, {colours, "", Unclear}, {colours, " \t", Unclear}, {colours, "4", Unclear}, {colours, "0", Unclear},
		{colours, "99999999999999999999", Unclear}, {colours, "not 2", Unclear}, {colours, "it is not green", Unclear}, {colours, "1 or 2", Unclear},
		{colours, "2) It is red", Unclear}, {colours, "green?!\x1b[31m", Unclear},
		{numbers, "3", Right}, {numbers, "6", Wrong}, {numbers, "4", Wrong}, {numbers, "c", Right}, {numbers, "5", Unclear},
		{turned, "3", Wrong}, {turned, "4", Right}, {turned, "8", Right},
		{truth, "f", Right}, {truth, "T", Wrong}, {truth, "false", Right}, {truth, "not true", Unclear}, {truth, "x", Unclear},
		{korean, "빨강", Right}, {korean, "1번", Right}, {korean, "나", Wrong}, {korean, "\u110e\u1169\u1105\u1169\u11a8", Wrong},
	} {
		if got := test.q.Grade(test.answer); got != test.want {
			t.Errorf("%q of %q: got %d, want %d", test.answer, test.q.Options, got, test.want)
		}
	}
}

func TestGradeFree(t *testing.T) {
	for _, test := range []struct {
		prompt, model string
		want          Verdict
		answers       []string
	}{
		{"", "gradient descent", Right, []string{
			"gradient descent", " Gradient  Descent. ", "**gradient descent**", "gradient-descent", "It is gradient descent", "the gradeint descent", "descent, gradient",
		}},
		{"", "gradient descent", Unsure, []string{
			"not gradient descent", "gradient descent is wrong", "no gradient descent", "nott gradient descent", "anything but gradient descent",
			"gradient", "gradients of a function", "gradient descent or momentum", "maybe gradient descent", "gradient ascent",
			"it isn't gradient descent", "it isnt gradient descent", "avoid gradient descent", "the opposite of gradient descent", "gradient-free descent? never",
			"gradient descent momentum adam rmsprop adagrad newton", "gradient / descent", "gradient = descent",
		}},
		{"", "gradient descent", Unclear, []string{"", "  ", "?", "...", "I don't know", "idk", "no idea.", "모르겠습니다", "pass"}},
		{"", "gradient descent (SGD)", Right, []string{"gradient descent", "gradient descent (sgd)", "gradient descent sgd"}},
		{"", "32 or thirty-two", Right, []string{"32", "thirty two"}},
		{"", "encoder / decoder pair", Right, []string{"encoder", "the decoder pair"}},
		{"", "either red or green", Right, []string{"red", "green", "either red or green"}},
		{"", "it keeps the values small or it keeps the gradients from vanishing", Unsure, []string{"it keeps the values small"}},
		{"", "not red or green", Unsure, []string{"green", "red"}},
		{"", "1,000", Right, []string{"1000", "1000.0", "1e3", "1,000.", "+1000"}},
		{"", "1000", Wrong, []string{"100", "-1000", "10000", "0"}},
		{"", "1000", Unsure, []string{"1001", "1000%", "about a thousand"}},
		{"How many heads are there?", "8", Right, []string{"8", "8.", "there are 8 heads", "8 heads"}},
		{"How many heads are there?", "8", Unsure, []string{"8 or 16", "16 heads, or 8", "between 4 and 8", "not 8", "eight", "-8 heads"}},
		{"", "9007199254740993", Unsure, []string{"9007199254740992"}},
		{"", "50%", Right, []string{"50%", "50 %"}},
		{"", "50%", Unsure, []string{"50"}},
		{"", "yes", Right, []string{"Yes", "yes!"}},
		{"", "yes", Wrong, []string{"no", "No."}},
		{"", "yes", Unsure, []string{"yes and no", "perhaps"}},
		{"", "참", Wrong, []string{"거짓"}},
		{"", "queries, keys and values", Right, []string{"keys, values, queries", "Queries keys values"}},
		{"", "Q from the decoder, K from the encoder", Right, []string{"Q from decoder and K from encoder"}},
		{"", "Q from the decoder, K from the encoder", Unsure, []string{"Q from the encoder, K from the decoder", "Q and K from the encoder and decoder"}},
		{"", "warming causes drought", Unsure, []string{"drought causes warming", "warming is caused by drought"}},
		{"", "symmetric", Unsure, []string{"asymmetric", "non-symmetric", "unsymmetric"}},
		{"", "linear", Unsure, []string{"nonlinear", "non linear", "not linear", "linearly? no"}},
		{"Is it macro or micro?", "micro", Unsure, []string{"macro", "macro or micro"}},
		{"", "x+y", Right, []string{"x+y", "X+Y", "`x+y`"}},
		{"", "x+y", Unsure, []string{"x-y", "x y", "x*y", "y+x"}},
		{"", "a+b", Unsure, []string{"x+b", "b", "+b", "a b+", "c a+b"}},
		{"", "O(1) time", Right, []string{"o(1) time", "O(1)time", "it is O(1) time"}},
		{"", "vitamin A", Right, []string{"Vitamin a", "it is vitamin A"}},
		{"", "vitamin A", Unsure, []string{"vitamin C", "vitamin", "a vitamin"}},
		{"", "switch on", Unsure, []string{"switch off", "switch", "switch it"}},
		{"", "to prevent overfitting", Right, []string{"prevents overfitting", "It is there to prevent overfiting."}},
		{"", "the dimension", Unsure, []string{"half the dimension"}},
		{"", "n!", Unsure, []string{"n"}},
		{"", "-5 degrees", Unsure, []string{"5 degrees"}},
		{"", "O(n^2)", Unsure, []string{"O(n)", "n 2", "O n^2"}},
		{"", "ResNet50", Unsure, []string{"ResNet51"}},
		{"", ";", Right, []string{";"}},
		{"", "중앙화된 데이터 통합", Right, []string{"중앙화된 데이터 통합", "중앙화된 데이터의 통합입니다", "중앙화된 데이터 통합."}},
		{"", "중앙화된 데이터 통합", Unsure, []string{"중앙화된 데이터 통합이 아니다", "탈중앙화된 데이터 통합", "데이터", "중앙화된 데이터 통합을 하지 않는다", "중앙화된 데이터 통합은 없다"}},
		{"", "인코더에서 디코더로", Unsure, []string{"디코더에서 인코더로", "인코더로 디코더에서"}},
		{"", "고양이가 강아지를 쫓는다", Unsure, []string{"고양이를 강아지가 쫓는다"}},
		{"", "고양이가 강아지를 쫓는다", Right, []string{"고양이는 강아지를 쫓는다"}},
		{"", "", Unsure, []string{"anything"}},
		{"", "", Unclear, []string{"", "idk"}},
	} {
		for _, kind := range []Kind{FreeResponse, CodeChallenge} {
			q := Question{Kind: kind, Prompt: test.prompt, Answer: test.model, Correct: -1}
			for _, answer := range test.answers {
				if got := q.Grade(answer); got != test.want {
					t.Errorf("%q for %q: got %d, want %d", answer, test.model, got, test.want)
				}
			}
		}
	}
}

func TestGradeOfHugeAnswers(t *testing.T) {
	q := Question{Kind: FreeResponse, Answer: strings.Repeat("word ", 5000)}
	for _, answer := range []string{strings.Repeat("word ", 1<<20), strings.Repeat("가", 1<<20), strings.Repeat("\x1b]", 1<<20)} {
		if got := q.Grade(answer); got == Right || got == Wrong {
			t.Errorf("got %d", got)
		}
	}
}

func FuzzGrade(f *testing.F) {
	f.Add("Why?", "gradient descent (SGD) or adam", "not adam")
	f.Add("", "1,000", "1e3")
	f.Add("", "인코더에서", "인코더")
	f.Fuzz(func(t *testing.T, prompt, model, answer string) {
		q := Question{Kind: FreeResponse, Prompt: prompt, Answer: cleanLine(model), Correct: -1}
		if len(q.Answer) < maxAnswerBytes && q.Answer != "" && q.Grade(q.Answer) != Right {
			t.Errorf("the model answer %q is not right", q.Answer)
		}
		if got := q.Grade(answer); got == Right && negations(wordsOf(q.Answer)) == 0 && q.Grade("not "+answer) == Right {
			t.Errorf("%q is right for %q even when denied", answer, q.Answer)
		}
		choice := Question{Kind: MultipleChoice, Options: []string{"a" + q.Answer, "b" + q.Answer}, Correct: 1}
		if choice.Grade("2") != Right || choice.Grade(choice.Options[0]) == Right {
			t.Errorf("%q", choice.Options)
		}
	})
}

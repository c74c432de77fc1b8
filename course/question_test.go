package course

import (
	"strings"
	"testing"
)

func TestOptionsInTheText(t *testing.T) {
	for name, test := range map[string]struct {
		prompt, answer string
		stem           string
		options        string // joined with "|"; "" for a free response
		right          string
	}{
		"paren":            {"Which?\n1) red\n2) green\nAnswer with a number.", "green", "Which?", "red|green", "green"},
		"dots":             {"Which?\n\n1. red\n2. green\n", "1", "Which?", "red|green", "red"},
		"both parens":      {"Which?\n(1) red\n(2) green", "(2)", "Which?", "red|green", "green"},
		"capitals":         {"Which?\nA) red\nB) green\nPlease choose the best answer.", "b", "Which?", "red|green", "green"},
		"small letters":    {"Which?\na. red\nb. green\nc. blue", "C.", "Which?", "red|green|blue", "blue"},
		"bullets and bold": {"Which?\n- **A)** red\n- **B)** green", "**green**", "Which?", "red|green", "green"},
		"all bold":         {"Which?\n**1) red**\n**2) green**", "green", "Which?", "red|green", "green"},
		"circled":          {"Which?\n① red\n② green", "②", "Which?", "red|green", "green"},
		"hangul":           {"무엇입니까?\n가) 빨강\n나) 초록\n번호로 답하세요.", "나", "무엇입니까?", "빨강|초록", "초록"},
		"number and text":  {"Which?\n1) red\n2) green", "2) Green.", "Which?", "red|green", "green"},
		"text with reason": {"Which?\n1) red\n2) green", "2) green, as leaves are", "Which?", "red|green", "green"},
		"case and dots":    {"Which?\n1) It Is Red.\n2) It is green.", " it  is RED ", "Which?", "It Is Red.|It is green.", "It Is Red."},
		"numbers":          {"How many?\n1) 1\n2) 2\n3) 3\n4) 6", "3", "How many?", "1|2|3|6", "3"},
		"text before number": {
			"How many?\n1) 4\n2) 3\n3) 2\n4) 1", "3", "How many?", "4|3|2|1", "3",
		},
		"only the case differs": {"Which?\n1) o(n)\n2) O(n)", "O(n)", "Which?", "o(n)|O(n)", "O(n)"},
		"factorial":             {"Which?\n1) n\n2) n!", "n!", "Which?", "n|n!", "n!"},
		"decomposed":            {"무엇입니까?\n1) 강\n2) 산", "\u1100\u1161\u11bc", "무엇입니까?", "강|산", "강"},
		"wrapped":               {"Which?\n1) red\nas blood\n2) green\n   as grass\nAnswer with a letter.", "2", "Which?", "red as blood|green as grass", "green as grass"},
		"text behind":           {"1) red\n2) green\nWhich is warm?", "red", "Which is warm?", "red|green", "red"},
		"list before": {
			"Steps:\n1. sow\n2. reap\n\nWhich comes first?\nA) sow\nB) reap", "A", "Steps:\n1. sow\n2. reap\n\nWhich comes first?", "sow|reap", "sow",
		},
		"code is no list": {"What does it print?\n```\n1) x\n2) y\n```\na) x\nb) y", "b", "What does it print?\n```\n1) x\n2) y\n```", "x|y", "y"},
		"inline":          {"Which? 1) red 2) green 3) blue", "blue", "Which?", "red|green|blue", "blue"},
		"inline letters":  {"Which?\n(a) red, (b) green", "green", "Which?", "red|green", "green"},
		"inline, other":   {"Name 1) a fruit 2) a root", "pear and carrot", "Name 1) a fruit 2) a root", "", "pear and carrot"},
		"true or false":   {"True or False: it rains.\nAnswer True or False.", "false.", "True or False: it rains.", "True|False", "False"},
		"true, reason":    {"True/False: it rains.", "True — look outside", "True/False: it rains.", "True|False", "True"},
		"answer with":     {"It rains.\nAnswer with true or false.", "true", "It rains.", "True|False", "True"},
		"yes or no":       {"Yes or no: does it rain?", "no", "Yes or no: does it rain?", "Yes|No", "No"},
		"korean truth":    {"참 또는 거짓: 비가 온다.\n참 또는 거짓으로 답하세요.", "거짓", "참 또는 거짓: 비가 온다.", "참|거짓", "거짓"},
		"free":            {"Why?\nAnswer in one sentence.", "because", "Why?\nAnswer in one sentence.", "", "because"},
		"one label":       {"Why?\n1) because", "because", "Why?\n1) because", "", "because"},
		"not from one":    {"Why?\n2) a\n3) b", "a", "Why?\n2) a\n3) b", "", "a"},
		"only options":    {"1) a\n2) b", "a", "1) a\n2) b", "", "a"},
		"decimals":        {"Compare:\n1.5 kg\n2.5 kg", "the second", "Compare:\n1.5 kg\n2.5 kg", "", "the second"},
	} {
		t.Run(name, func(t *testing.T) {
			var problems []Problem
			q, ok := questionDraft{name: "it", line: 1, prompt: test.prompt, answer: test.answer, answerLine: 2}.question(notes{"f", &problems})
			if !ok || len(problems) > 0 {
				t.Fatalf("%v %s", ok, lines(problems))
			}
			if q.Prompt != test.stem || strings.Join(q.Options, "|") != test.options || q.Answer != test.right {
				t.Errorf("got %q %q %q", q.Prompt, q.Options, q.Answer)
			}
			if free := test.options == ""; free != (q.Kind == FreeResponse) || free != (q.Correct < 0) {
				t.Errorf("%+v", q)
			}
		})
	}
}

func TestAnswersThatNameNoOption(t *testing.T) {
	for name, test := range map[string]struct{ options, answer string }{
		"another text":      {"red|green", "blue"},
		"number too high":   {"red|green", "3"},
		"number zero":       {"red|green", "0"},
		"letter too high":   {"red|green", "C"},
		"number disagrees":  {"red|green", "1) green"},
		"two texts":         {"Red|RED", "red"},
		"denied":            {"red|green", "not red"},
		"part of an option": {"red roses|green leaves", "red"},
		"empty":             {"red|green", " "},
	} {
		t.Run(name, func(t *testing.T) {
			if i := matchOption(strings.Split(test.options, "|"), test.answer); i >= 0 {
				t.Errorf("got option %d", i+1)
			}
		})
	}
}

func TestInstructionsAreOnlyTakenOffTheEnd(t *testing.T) {
	for prompt, want := range map[string]string{
		"Why?\n\nAnswer with a number.\n":                            "Why?",
		"Why?\nType the number of your answer.":                      "Why?",
		"Why?\n(Select one)":                                         "Why?",
		"Why?\n정답 번호를 입력하세요.":                                        "Why?",
		"Answer with a number.":                                      "Answer with a number.",
		"Answer with care.\nWhy?":                                    "Answer with care.\nWhy?",
		"It rains.\nChoose the number of drops that fall in an hour": "It rains.\nChoose the number of drops that fall in an hour",
		"It rains.\nAnswer with which number?":                       "It rains.\nAnswer with which number?",
	} {
		if got := dropInstructions(prompt); got != want {
			t.Errorf("%q gives %q", prompt, got)
		}
	}
}

func FuzzOptions(f *testing.F) {
	f.Add("Which?\n1) red\n2) green\nAnswer with a number.", "2")
	f.Add("Which?\n```\nA) x\n```\n(a) y\n(b) z", "(b) z")
	f.Add("참 또는 거짓: ① 가) 나)", "참")
	f.Fuzz(func(t *testing.T, prompt, answer string) {
		var problems []Problem
		q, ok := questionDraft{name: "it", prompt: cleanText(prompt), answer: cleanText(answer)}.question(notes{"f", &problems})
		if !ok {
			return
		}
		if strings.TrimSpace(q.Prompt) == "" {
			t.Error("no prompt is left")
		}
		if q.Kind != MultipleChoice {
			if q.Correct != -1 || q.Options != nil {
				t.Errorf("%+v", q)
			}
			return
		}
		if hasError(problems) {
			return
		}
		if len(q.Options) < 2 || q.Correct < 0 || q.Correct >= len(q.Options) || q.Answer != q.Options[q.Correct] {
			t.Errorf("%+v", q)
		}
		if v := q.Grade(q.Answer); v != Right {
			t.Errorf("the right option %q of %q is graded %v", q.Answer, q.Options, v)
		}
	})
}

// Package hangul knows the Korean keyboard (KS X 5002, "2-beolsik"), on which
// the letters of commands type Hangul until the input method is switched.
package hangul

import tea "charm.land/bubbletea/v2"

// letters are the Latin letters by the Hangul ones on the same keys.
var letters = map[rune]rune{
	'ㅂ': 'q', 'ㅈ': 'w', 'ㄷ': 'e', 'ㄱ': 'r', 'ㅅ': 't', 'ㅛ': 'y', 'ㅕ': 'u', 'ㅑ': 'i', 'ㅐ': 'o', 'ㅔ': 'p',
	'ㅁ': 'a', 'ㄴ': 's', 'ㅇ': 'd', 'ㄹ': 'f', 'ㅎ': 'g', 'ㅗ': 'h', 'ㅓ': 'j', 'ㅏ': 'k', 'ㅣ': 'l',
	'ㅋ': 'z', 'ㅌ': 'x', 'ㅊ': 'c', 'ㅍ': 'v', 'ㅠ': 'b', 'ㅜ': 'n', 'ㅡ': 'm',
}

// Latin is the press that k would have been with the Latin letters switched on,
// so that nobody has to switch them for a command. Where letters are text, it
// must not be used.
func Latin(k tea.KeyPressMsg) tea.KeyPressMsg {
	latin, known := letters[k.Code]
	if !known {
		return k
	}
	k.Code = latin
	if k.Text != "" {
		k.Text = string(latin)
	}
	return k
}

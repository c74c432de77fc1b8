# Rewrites what tmux captures for Freeze, which keeps no style from one escape
# sequence to the next, forgets all of them at the end of a line, and knows
# neither bold nor reverse: every sequence becomes one that says all that is in
# force. Bold comes out as strike-through, which no screen here uses.
BEGIN { behind = "2;20;22;26" }

{
	out = style()
	while (match($0, /\033\[[0-9;]*m/)) {
		text = substr($0, 1, RSTART - 1)
		apply(substr($0, RSTART + 2, RLENGTH - 3))
		$0 = substr($0, RSTART + RLENGTH)
		out = out text style()
	}
	print out $0
}

function style(front, back) {
	front = fg ? fg : "2;196;196;196"
	back = bg
	if (reverse) {
		back = front
		front = bg ? bg : behind
	}
	return "\033[0" (bold ? ";9" : "") (italic ? ";3" : "") (underline ? ";4" : "") \
		";38;" front (back ? ";48;" back : "") "m"
}

function apply(codes, n, c, i, words) {
	n = split(codes, c, ";")
	if (n == 0)
		reset()
	for (i = 1; i <= n; i++) {
		if (c[i] == 0) reset()
		else if (c[i] == 1) bold = 1
		else if (c[i] == 3) italic = 1
		else if (c[i] == 4) underline = 1
		else if (c[i] == 7) reverse = 1
		else if (c[i] == 39) fg = ""
		else if (c[i] == 49) bg = ""
		else if (c[i] == 38 || c[i] == 48) {
			words = c[i + 1] == 2 ? c[i + 1] ";" c[i + 2] ";" c[i + 3] ";" c[i + 4] : c[i + 1] ";" c[i + 2]
			if (c[i] == 38) fg = words
			else bg = words
			i += c[i + 1] == 2 ? 4 : 2
		}
	}
}

function reset() { bold = italic = underline = reverse = 0; fg = bg = "" }

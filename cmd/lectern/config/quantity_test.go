package config

import "testing"

func TestBytes(t *testing.T) {
	for _, test := range []struct {
		text  string
		bytes Bytes
		again string
	}{
		{"0", 0, "0"},
		{"1", 1, "1"},
		{"1023", 1023, "1023"},
		{"512Mi", 512 << 20, "512Mi"},
		{"1024Mi", 1 << 30, "1Gi"},
		{"1.5Gi", 1536 << 20, "1536Mi"},
		{"1G", 1e9, "1G"},
		{"1500M", 15e8, "1500M"},
		{"2k", 2000, "2k"},
		{"8191Pi", 8191 << 50, "8191Pi"},
		{"9223372036854775807", 1<<63 - 1, "9223372036854775807"},
	} {
		got, err := ParseBytes(test.text)
		if err != nil || got != test.bytes || got.String() != test.again {
			t.Errorf("%s: got %d, %s, %v; want %d, %s", test.text, got, got, err, test.bytes, test.again)
		}
	}
	for _, text := range []string{"", "Mi", "-1", "+1", "1 Mi", "4GB", "4gi", "1K", "0.3", "1e9", "0x10", ".5Gi", "9223372036854775808", "8192Pi", "1.2.3"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q: got %d and no error", text, got)
		}
	}
}

func TestCPU(t *testing.T) {
	for text, milli := range map[string]int64{"2": 2000, "0.5": 500, "250m": 250, "1.25": 1250, "0.001": 1, "0": 0, "0m": 0, "10.10": 10100} {
		got, err := ParseCPU(text)
		if err != nil || got.Milli() != milli || string(got) != text {
			t.Errorf("%s: got %s, %d, %v; want %d", text, got, got.Milli(), err, milli)
		}
	}
	for _, text := range []string{"", "m", "-1", "1.5m", "0.0001", "two", "2 ", "1e3", ".5", "1."} {
		if got, err := ParseCPU(text); err == nil {
			t.Errorf("%q: got %s and no error", text, got)
		}
		if milli := CPU(text).Milli(); milli != 0 {
			t.Errorf("%q: got %d thousandths", text, milli)
		}
	}
}

func FuzzParseBytes(f *testing.F) {
	for _, text := range []string{"512Mi", "1.5Gi", "0.3", "9223372036854775807", "1P", "k"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBytes(text)
		if err != nil {
			return
		}
		if again, err := ParseBytes(b.String()); err != nil || again != b || b < 0 {
			t.Errorf("%q: read as %d, written as %s, read as %d, %v", text, b, b, again, err)
		}
	})
}

package config

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Bytes is a number of bytes. As text it is a Kubernetes quantity: 512Mi, 4Gi.
type Bytes int64

// byteUnits holds the suffixes of a size and the bytes each stands for, the
// largest of each family first.
var byteUnits = []struct {
	suffix string
	bytes  int64
}{
	{"Pi", 1 << 50}, {"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10},
	{"P", 1e15}, {"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3},
}

var byteNumber = regexp.MustCompile(`^[0-9]{1,19}(\.[0-9]{1,9})?$`)

// ParseBytes reads a size: a number, and one of the suffixes Ki, Mi, Gi, Ti, Pi
// (powers of 1024) or k, M, G, T, P (powers of 1000). A fraction is allowed as
// long as whole bytes come out.
func ParseBytes(text string) (Bytes, error) {
	number, unit := text, int64(1)
	for _, u := range byteUnits {
		if n, ok := strings.CutSuffix(text, u.suffix); ok {
			number, unit = n, u.bytes
			break
		}
	}
	if byteNumber.MatchString(number) {
		amount, _ := new(big.Rat).SetString(number)
		amount.Mul(amount, new(big.Rat).SetInt64(unit))
		if amount.IsInt() && amount.Num().IsInt64() {
			return Bytes(amount.Num().Int64()), nil
		}
	}
	return 0, fmt.Errorf("%q is no size; write it like 512Mi or 4Gi", text)
}

// String returns the shortest text without a fraction that ParseBytes reads as
// the same size, in powers of 1024 where both would do.
func (b Bytes) String() string {
	for _, u := range byteUnits {
		if b != 0 && int64(b)%u.bytes == 0 {
			return strconv.FormatInt(int64(b)/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// CPU is an amount of CPU cores as Kubernetes writes it: 2, 0.5 or 250m.
type CPU string

var cpuText = regexp.MustCompile(`^([0-9]{1,7}m|[0-9]{1,4}(\.[0-9]{1,3})?)$`)

// ParseCPU checks an amount of CPU cores. It keeps the spelling.
func ParseCPU(text string) (CPU, error) {
	if !cpuText.MatchString(text) {
		return "", fmt.Errorf("%q is no amount of CPU; write it like 2, 0.5 or 250m", text)
	}
	return CPU(text), nil
}

// Milli returns the amount in thousandths of a core; 0 for text that ParseCPU
// refuses.
func (c CPU) Milli() int64 {
	if !cpuText.MatchString(string(c)) {
		return 0
	}
	if thousandths, ok := strings.CutSuffix(string(c), "m"); ok {
		n, _ := strconv.ParseInt(thousandths, 10, 64)
		return n
	}
	whole, fraction, _ := strings.Cut(string(c), ".")
	n, _ := strconv.ParseInt(whole+(fraction + "000")[:3], 10, 64)
	return n
}

// Port is a TCP port. 0 is none in particular.
type Port uint16

// ParsePort reads a port by its number.
func ParsePort(text string) (Port, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	// The second test refuses spellings that mean other numbers elsewhere: 010.
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, fmt.Errorf("%q is no port; write a number up to 65535, like 2222", text)
	}
	return Port(n), nil
}

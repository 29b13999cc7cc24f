package item

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// The bounds of numbers, as the developer guide gives them.
const (
	maxDigits   = 38
	maxExponent = 126  // 9.99…E+125 is 0.999… · 10^126
	minExponent = -129 // 1E-130 is 0.1 · 10^-129
)

// Number is a decimal number: ± 0.digits · 10^exp. Zero has no digits.
type Number struct {
	neg    bool
	digits string // without zeros at either end
	exp    int
}

func invalid(format string, args ...any) error {
	return wire.Errorf(wire.CodeValidation, format, args...)
}

// ParseNumber reads a number as clients write it.
func ParseNumber(s string) (Number, error) {
	n, ok := scanNumber(s)
	switch {
	case !ok && s == "":
		return n, invalid("The parameter cannot be converted to a numeric value")
	case !ok:
		return n, invalid("The parameter cannot be converted to a numeric value: %s", s)
	}
	return n, n.check()
}

func (n Number) check() error {
	switch {
	case n.digits == "":
	case n.exp > maxExponent:
		return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case n.exp < minExponent:
		return invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	case len(n.digits) > maxDigits:
		return invalid("Attempting to store more than 38 significant digits in a Number")
	}
	return nil
}

func scanNumber(s string) (n Number, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		n.neg = s[0] == '-'
		s = s[1:]
	}
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
		if exponent == "" {
			return n, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" && fraction == "" || !digitsOnly(whole) || !digitsOnly(fraction) {
		return n, false
	}
	shift := 0
	if exponent != "" {
		if !digitsOnly(strings.TrimLeft(exponent[:1], "+-") + exponent[1:]) {
			return n, false
		}
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || shift > 1<<20 || shift < -1<<20 {
			if len(exponent) < 2 {
				return n, false
			}
			shift = 1 << 20
			if exponent[0] == '-' {
				shift = -shift
			}
		}
	}
	all := whole + fraction
	digits := strings.TrimLeft(all, "0")
	n.exp = len(whole) - (len(all) - len(digits)) + shift
	n.digits = strings.TrimRight(digits, "0")
	if n.digits == "" {
		return Number{}, true
	}
	return n, true
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Number reads the value of a number; its text is known to be canonical.
func (v Value) Number() Number {
	n, _ := scanNumber(v.Text)
	return n
}

// Value makes a value of kind N.
func (n Number) Value() Value { return Value{Kind: N, Text: n.String()} }

// Int makes a number.
func Int(i int64) Number {
	n, _ := scanNumber(strconv.FormatInt(i, 10))
	return n
}

// String is the canonical form: plain notation, no zeros that say nothing.
func (n Number) String() string {
	if n.digits == "" {
		return "0"
	}
	var b strings.Builder
	if n.neg {
		b.WriteByte('-')
	}
	switch d := len(n.digits); {
	case n.exp <= 0:
		b.WriteString("0.")
		b.WriteString(strings.Repeat("0", -n.exp))
		b.WriteString(n.digits)
	case n.exp >= d:
		b.WriteString(n.digits)
		b.WriteString(strings.Repeat("0", n.exp-d))
	default:
		b.WriteString(n.digits[:n.exp])
		b.WriteByte('.')
		b.WriteString(n.digits[n.exp:])
	}
	return b.String()
}

// Compare orders numbers by value.
func (n Number) Compare(m Number) int {
	sign := func(n Number) int {
		switch {
		case n.digits == "":
			return 0
		case n.neg:
			return -1
		}
		return 1
	}
	s := sign(n)
	if t := sign(m); s != t || s == 0 {
		return s - t
	}
	if n.exp != m.exp {
		if n.exp < m.exp {
			return -s
		}
		return s
	}
	return s * strings.Compare(n.digits, m.digits)
}

// Add is n+m, or n-m where minus is set. The sum must keep the bounds of numbers.
func (n Number) Add(m Number, minus bool) (Number, error) {
	if minus && m.digits != "" {
		m.neg = !m.neg
	}
	if n.digits == "" || m.digits == "" {
		if n.digits == "" {
			n = m
		}
		return n, nil
	}
	// The last digits' powers of ten.
	scale := min(n.exp-len(n.digits), m.exp-len(m.digits))
	sum := n.scaled(scale)
	sum.Add(sum, m.scaled(scale))
	text := sum.String()
	r, _ := scanNumber(text)
	if r.digits != "" {
		r.exp += scale
	}
	return r, r.check()
}

// scaled is n / 10^scale, which is whole.
func (n Number) scaled(scale int) *big.Int {
	i, _ := new(big.Int).SetString(n.digits+strings.Repeat("0", n.exp-len(n.digits)-scale), 10)
	if n.neg {
		i.Neg(i)
	}
	return i
}

// Seconds is the number as whole seconds, for times to live; ok is false where
// it is far from any.
func (n Number) Seconds() (int64, bool) {
	if n.exp > 18 {
		return 0, false
	}
	text, _, _ := strings.Cut(n.String(), ".")
	i, err := strconv.ParseInt(text, 10, 64)
	return i, err == nil
}

func (n Number) size() int {
	if n.digits == "" {
		return 1
	}
	size := 1 + (len(n.digits)+1+(n.exp&1))/2
	if n.neg {
		size++
	}
	return size
}

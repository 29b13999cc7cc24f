package java

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// MaxDigits bounds whole numbers beyond 64 bits, as they are written.
const MaxDigits = 1000

// whole brings a big number back to an int64 where it fits.
func whole(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func bigOf(v any) *big.Int {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v)
	case *big.Int:
		return v
	}
	return nil
}

// Float is a number as a double; ok is false for what is no number.
func Float(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true
	}
	return 0, false
}

// IsNumber tells numbers from other values.
func IsNumber(v any) bool {
	_, is := Float(v)
	return is
}

// Negative is -v; nil for what is no number.
func Negative(v any) any {
	switch v := v.(type) {
	case int64:
		return whole(new(big.Int).Neg(big.NewInt(v)))
	case *big.Int:
		return whole(new(big.Int).Neg(v))
	case float64:
		return -v
	}
	return nil
}

// Calculate is + - * / % of numbers; nil where Velocity has no result. Whole
// numbers grow instead of overflowing.
func Calculate(op string, left, right any) (any, error) {
	l, r := bigOf(left), bigOf(right)
	if l == nil || r == nil {
		return calculateFloat(op, left, right), nil
	}
	out := new(big.Int)
	switch op {
	case "+":
		out.Add(l, r)
	case "-":
		out.Sub(l, r)
	case "*":
		out.Mul(l, r)
	default:
		if r.Sign() == 0 {
			return nil, nil
		}
		if op == "/" {
			out.Quo(l, r)
		} else {
			out.Rem(l, r)
		}
	}
	if out.BitLen() > MaxDigits*3 {
		return nil, fmt.Errorf("a number of more than %d digits", MaxDigits*9/10)
	}
	return whole(out), nil
}

func calculateFloat(op string, left, right any) any {
	l, ok := Float(left)
	r, ok2 := Float(right)
	if !ok || !ok2 {
		return nil
	}
	switch op {
	case "+":
		return l + r
	case "-":
		return l - r
	case "*":
		return l * r
	}
	if r == 0 {
		return nil
	}
	if op == "/" {
		return l / r
	}
	return math.Mod(l, r)
}

// Compare orders two numbers, or a number and the text of one.
func Compare(left, right any) (order int, ok bool) {
	left, right = numberOf(left), numberOf(right)
	if l, r := bigOf(left), bigOf(right); l != nil && r != nil {
		return l.Cmp(r), true
	}
	l, ok := Float(left)
	r, ok2 := Float(right)
	switch {
	case !ok || !ok2 || math.IsNaN(l) || math.IsNaN(r):
		return 0, false
	case l < r:
		return -1, true
	case l > r:
		return 1, true
	}
	return 0, true
}

// numberOf reads the text of a number; other values stay what they are.
func numberOf(v any) any {
	s, is := v.(string)
	if !is || len(s) > MaxDigits {
		return v
	}
	return ParseNumber(s)
}

// ParseNumber reads a number as it is written in JSON; what is none stays text.
func ParseNumber(s string) any {
	if !strings.ContainsAny(s, ".eE") {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		if n, ok := new(big.Int).SetString(s, 10); ok && len(s) <= MaxDigits {
			return n
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXpP_nN") {
		return f
	}
	return s
}

// Truncate is a number's whole part in 64 bits.
func Truncate(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case *big.Int:
		return int64(new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64)).Uint64())
	case float64:
		switch {
		case math.IsNaN(v):
			return 0
		case v >= math.MaxInt64:
			return math.MaxInt64
		case v <= math.MinInt64:
			return math.MinInt64
		}
		return int64(v)
	}
	return 0
}

// Double writes a number as Java's Double.toString.
func Double(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); f == 0 || a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	s := strconv.FormatFloat(f, 'E', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(n)
}

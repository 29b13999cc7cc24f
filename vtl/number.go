package vtl

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits bounds whole numbers beyond 64 bits.
const maxDigits = 1000

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

func floatOf(v any) (float64, bool) {
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

func isNumber(v any) bool {
	_, is := floatOf(v)
	return is
}

func negative(v any) any {
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

// calculate is + - * / % of numbers; nil where Velocity has no result. Whole
// numbers grow instead of overflowing.
func calculate(op string, left, right any) (any, error) {
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
	if out.BitLen() > maxDigits*3 {
		return nil, fmt.Errorf("%w: a number of more than %d digits", ErrLimit, maxDigits*9/10)
	}
	return whole(out), nil
}

func calculateFloat(op string, left, right any) any {
	l, ok := floatOf(left)
	r, ok2 := floatOf(right)
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

// compare orders two numbers, or a number and the text of one.
func compare(left, right any) (order int, ok bool) {
	left, right = numberOf(left), numberOf(right)
	if l, r := bigOf(left), bigOf(right); l != nil && r != nil {
		return l.Cmp(r), true
	}
	l, ok := floatOf(left)
	r, ok2 := floatOf(right)
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
	if !is || len(s) > maxDigits {
		return v
	}
	return parseNumber(s)
}

// parseNumber reads a number as it is written in JSON; what is none stays text.
func parseNumber(s string) any {
	if !strings.ContainsAny(s, ".eE") {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		if n, ok := new(big.Int).SetString(s, 10); ok && len(s) <= maxDigits {
			return n
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXpP_nN") {
		return f
	}
	return s
}

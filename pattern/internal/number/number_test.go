package number

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestNumbersHaveTheValueThatADoubleHolds(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"0", 0, true}, {"-0", 0, true}, {"-0.0e5", 0, true},
		{"300", 300, true}, {"3e2", 300, true}, {"300.00", 300, true}, {"0.003E+5", 300, true},
		{"0.1", 0.1, true}, {"0.10", 0.1, true},
		{"-122.42916360922355", -122.42916360922355, true},
		{"9007199254740992", 9007199254740992, true}, {"9007199254740993", 0, false},
		{"0.1000000000000000055511151231257827", 0, false},
		{"1e400", 0, false}, {"1e-400", 0, false}, {"1e99999999999999999999", 0, false}, {"0e99999999999999999999", 0, true},
		{"1.7976931348623157e308", math.MaxFloat64, true}, {"5e-324", 5e-324, true}, {"4e-324", 0, false},
		{"100000000000000000000000000000000000000", 1e38, true},
	} {
		if got, ok := Parse([]byte(c.text)); got != c.want || ok != c.ok {
			t.Errorf("%s: got %v, %v", c.text, got, ok)
		}
	}
	if zero, _ := Parse([]byte("-0")); math.Signbit(zero) {
		t.Error("-0 has a sign")
	}
}

// A double holds a number if its shortest text is the number.
func TestRandomNumbersAreHeldIfTheirShortestTextIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 3_000 {
		f := math.Float64frombits(r.Uint64())
		if r.IntN(2) == 0 {
			f = float64(r.IntN(1_000_000)) / 1000
		}
		if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) > 1e300 || f != 0 && math.Abs(f) < 1e-300 {
			continue
		}
		text := strconv.FormatFloat(f, "eg"[r.IntN(2)], []int{-1, 14, 16, 17, 19}[r.IntN(5)], 64)
		x, _ := strconv.ParseFloat(text, 64)
		named, _ := new(big.Rat).SetString(text)
		shortest, _ := new(big.Rat).SetString(strconv.FormatFloat(x, 'e', -1, 64))
		if got, ok := Parse([]byte(text)); ok != (named.Cmp(shortest) == 0) || ok && got != x {
			t.Fatalf("%s: got %v, %v", text, got, ok)
		}
	}
}

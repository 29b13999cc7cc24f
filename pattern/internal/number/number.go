// Package number reads JSON numbers the way event-ruler compares them: by
// value, if a double holds the value, and by their text otherwise.
package number

import (
	"math"
	"strconv"
	"unsafe"
)

// pow10 holds the powers of ten that a double holds exactly.
var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// Parse returns the value of text, a JSON number. It reports false if no double
// has that value: comparing means that the shortest text of the nearest double
// names the same number. Zero is returned without sign.
func Parse(text []byte) (float64, bool) {
	f, sure := nearestOf(text)
	if !sure && !held(text, f) {
		return 0, false
	}
	return f, true
}

// nearestOf returns the double nearest to text, and whether it is sure that it
// has the value; held finds that out otherwise, which takes longer.
func nearestOf(text []byte) (f float64, sure bool) {
	d := scan(text)
	switch {
	case d.digits == 0:
		return 0, true
	case d.digits <= 15 && -22 <= d.exp && d.exp <= 22:
		f := float64(d.mantissa)
		if d.exp < 0 {
			f /= pow10[-d.exp]
		} else {
			f *= pow10[d.exp]
		}
		if d.negative {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	if err != nil {
		return math.NaN(), false
	}
	// Fifteen digits always survive the way to a normal double and back.
	return f, d.digits <= 15 && math.Abs(f) >= 0x1p-1022
}

// held reports whether f, which nearestOf has returned, has the value of text.
func held(text []byte, f float64) bool {
	if math.IsNaN(f) || f == 0 {
		return false
	}
	d := scan(text)
	if d.digits > 17 {
		return false
	}
	var buf [32]byte
	back := scan(strconv.AppendFloat(buf[:0], f, 'e', -1, 64))
	return back.mantissa == d.mantissa && back.exp == d.exp
}

// decimal is mantissa × 10^exp; the mantissa does not end in a zero and has
// the given count of digits. Beyond 18 digits the mantissa is not kept.
type decimal struct {
	mantissa uint64
	digits   int
	exp      int
	negative bool
}

func scan(text []byte) decimal {
	var d decimal
	i := 0
	if i < len(text) && text[i] == '-' {
		d.negative = true
		i++
	}
	zeros, point := 0, false // zeros not yet known to be inside the number
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' {
			point = true
			continue
		}
		if c-'0' > 9 {
			break
		}
		if point {
			d.exp--
		}
		if c == '0' {
			if d.digits > 0 {
				zeros++
			}
			continue
		}
		d.digits += zeros + 1
		if d.digits <= 18 {
			for ; zeros > 0; zeros-- {
				d.mantissa *= 10
			}
			d.mantissa = d.mantissa*10 + uint64(c-'0')
		}
		zeros = 0
	}
	d.exp += zeros
	if i < len(text) {
		d.exp += exponent(text[i+1:])
	}
	return d
}

// exponent reads an exponent, held to a size that no double reaches.
func exponent(text []byte) int {
	sign, e := 1, 0
	for i, c := range text {
		switch {
		case i == 0 && c == '-':
			sign = -1
		case i == 0 && c == '+':
		case e < 100_000_000:
			e = e*10 + int(c-'0')
		}
	}
	return sign * e
}

package number

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/signalbox/signalbox/pattern/internal/lex"
)

// Number is a JSON number as Read found it.
type Number struct {
	text     []byte
	mantissa uint64 // all digits, without the point
	exp      int    // the value is mantissa × 10^exp
	negative bool
	plain    bool // mantissa and exp are set: there are few digits, and no exponent
}

// Verdict says whether a double has the value that a number's text names.
type Verdict uint8

const (
	Unsure  Verdict = iota // Held finds it out, which takes longer
	Exact                  // it has
	Inexact                // no double has
)

// mostDigits is up to how many digits surely fit into 64 bits.
const mostDigits = 19

// Read reads the JSON number that begins at i and returns the index behind it;
// a negative one says that it is none.
func Read(b []byte, i int) (n Number, end int) {
	begin := i
	if i < len(b) && b[i] == '-' {
		n.negative = true
		i++
	}
	first := i
	if i < len(b) && b[i] == '0' {
		i++
	} else if n.mantissa, i = digits(b, i, 0); i == first {
		return n, -1
	}
	count := i - first
	if i < len(b) && b[i] == '.' {
		point := i
		if n.mantissa, i = digits(b, i+1, n.mantissa); i == point+1 {
			return n, -1
		}
		n.exp = point + 1 - i
		count -= n.exp
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i = lex.Number(b, begin); i < 0 {
			return n, -1
		}
		count = mostDigits + 1
	}
	n.plain = count <= mostDigits
	n.text = b[begin:i]
	return n, i
}

// digits reads digits, eight at a time, behind those that m has; m is right as
// long as it has not got more than mostDigits.
func digits(b []byte, i int, m uint64) (uint64, int) {
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:]) ^ 0x3030303030303030
		// Bytes above nine are no digits; the lowest one flagged is a true one.
		hits := (w + 0x7676767676767676 | w) & 0x8080808080808080
		n := 8
		if hits != 0 {
			if n = bits.TrailingZeros64(hits) >> 3; n == 0 {
				return m, i
			}
			w <<= 64 - 8*n
		}
		// Join neighbours: to pairs, fours, eight.
		w = (w*10 + w>>8) & 0x00ff00ff00ff00ff
		w = (w*100 + w>>16) & 0x0000ffff0000ffff
		w = w*10000 + w>>32
		m = m*pow10Whole[n] + w&0xffffffff
		if i += n; hits != 0 {
			return m, i
		}
	}
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		m = m*10 + uint64(b[i]-'0')
	}
	return m, i
}

// pow10Whole holds the powers of ten up to a count of digits that fits.
var pow10Whole = [...]uint64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// Text returns the number as it is written.
func (n *Number) Text() []byte { return n.text }

// Nearest returns the double nearest to the number, zero without sign, and
// whether it has its value. If the verdict is Inexact the double may be any.
func (n *Number) Nearest() (float64, Verdict) {
	if !n.plain {
		return slowly(n.text)
	}
	m, places := n.mantissa, -n.exp
	if m == 0 {
		return 0, Exact
	}
	var f float64
	v := Exact
	switch {
	case m < 1e15 && places <= 22:
		f = float64(m) / pow10[places]
	case places == 0 && m <= 1<<53:
		f = float64(m)
	default:
		for m%10 == 0 {
			m /= 10
			places--
		}
		if m >= 1e17 {
			return 0, Inexact
		}
		if m < 1e15 || places <= 0 || places > 18 {
			return slowly(n.text)
		}
		if f, v = nearest(m, places); v == Unsure {
			return slowly(n.text)
		}
	}
	if n.negative {
		f = -f
	}
	return f, v
}

// Held reports whether f, which Nearest has returned, has the number's value.
func (n *Number) Held(f float64) bool { return held(n.text, f) }

func slowly(text []byte) (float64, Verdict) {
	f, sure := nearestOf(text)
	if sure {
		return f, Exact
	}
	return f, Unsure
}

// nearest returns the double nearest to m / 10^places, m having 16 or 17
// digits, the last of them no zero, and whether its shortest text is the same
// number. Unsure says that it is a case for others.
//
// A division comes within two units of the double's last bit; its distance from
// the number is computed in whole numbers and corrects it. The same distance
// tells whether the number is the nearest of all with as many digits, and
// whether one with fewer digits would be near enough: together they mean that
// the shortest text of the double is the number's.
func nearest(m uint64, places int) (float64, Verdict) {
	f := math.Float64bits(float64(m) / pow10[places])
	mantissa := f&(1<<52-1) | 1<<52
	shift := 1075 - int(f>>52) // the double is mantissa / 2^shift
	if shift < 1 || shift > 58 {
		return 0, Unsure
	}
	// In units of 1 / (2^shift × 10^places): ulp is one in the double's last
	// bit, unit is one in the number's last digit. The distance fits.
	ulp, unit := int64(pow10Whole[places]), int64(1)<<shift
	distance := int64(mantissa*uint64(ulp) - m<<shift)
	switch {
	case distance > ulp/2:
		f--
		mantissa--
		distance -= ulp
	case distance < -ulp/2:
		f++
		mantissa++
		distance += ulp
	}
	if mantissa <= 1<<52 || mantissa >= 1<<53 {
		return 0, Unsure // the doubles beside it are not equally far
	}
	last := int64(m % 10)
	below, above := distance+last*unit, (10-last)*unit-distance
	apart := max(distance, -distance)
	if apart >= ulp/2 || apart == unit/2 || below == ulp/2 || above == ulp/2 {
		return 0, Unsure // half-way
	}
	if apart > unit/2 || below < ulp/2 || above < ulp/2 {
		return 0, Inexact
	}
	return math.Float64frombits(f), Exact
}

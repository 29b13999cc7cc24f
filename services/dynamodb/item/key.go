package item

import (
	"fmt"
	"strings"
)

// The encoding of keys: for each kind, the bytes of two values compare as the
// values do, and no value's bytes begin another's, so that several may follow
// each other.
//
//	S, B    the bytes, 00 written as 00 FF; then 00 01
//	N       zero: 80. Positive: C0, the exponent, digits by two in a byte plus
//	        one, then 00. Negative: 40 and the complement of what the positive has

const (
	signNegative = 0x40
	signZero     = 0x80
	signPositive = 0xc0

	exponentBias = 129 // the lowest exponent becomes 0, the highest 255
)

// AppendKey appends the key form of a scalar value.
func AppendKey(b []byte, v Value) []byte {
	if v.Kind == N {
		return v.Number().appendKey(b)
	}
	return append(appendEscaped(b, v.Text), 0, 1)
}

// AppendPrefix appends what the key forms of all text or bytes begin with that
// begin with v's.
func AppendPrefix(b []byte, v Value) []byte { return appendEscaped(b, v.Text) }

func appendEscaped(b []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			return append(b, s...)
		}
		b = append(append(b, s[:i]...), 0, 0xff)
		s = s[i+1:]
	}
}

func (n Number) appendKey(b []byte) []byte {
	if n.digits == "" {
		return append(b, signZero)
	}
	flip, sign := byte(0), byte(signPositive)
	if n.neg {
		flip, sign = 0xff, signNegative
	}
	b = append(b, sign, byte(n.exp+exponentBias)^flip)
	for i := 0; i < len(n.digits); i += 2 {
		pair := (n.digits[i] - '0') * 10
		if i+1 < len(n.digits) {
			pair += n.digits[i+1] - '0'
		}
		b = append(b, (pair+1)^flip)
	}
	return append(b, flip)
}

// ReadKey reads a value of a kind from the front of b, and returns the rest.
func ReadKey(b []byte, k Kind) (Value, []byte, error) {
	if k == N {
		return readNumber(b)
	}
	var text strings.Builder
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			continue
		}
		text.Write(b[:i])
		if b[i+1] == 1 {
			return Value{Kind: k, Text: text.String()}, b[i+2:], nil
		}
		text.WriteByte(0)
		b = b[i+2:]
		i = -1
	}
	return Value{}, nil, fmt.Errorf("a key is damaged")
}

func readNumber(b []byte) (Value, []byte, error) {
	damaged := fmt.Errorf("a number in a key is damaged")
	if len(b) == 0 {
		return Value{}, nil, damaged
	}
	flip := byte(0)
	switch b[0] {
	case signZero:
		return Number{}.Value(), b[1:], nil
	case signNegative:
		flip = 0xff
	case signPositive:
	default:
		return Value{}, nil, damaged
	}
	if len(b) < 2 {
		return Value{}, nil, damaged
	}
	n := Number{neg: flip != 0, exp: int(b[1]^flip) - exponentBias}
	var digits []byte
	for i := 2; i < len(b); i++ {
		c := b[i] ^ flip
		if c == 0 {
			n.digits = strings.TrimRight(string(digits), "0")
			return n.Value(), b[i+1:], nil
		}
		if c > 100 {
			break
		}
		digits = append(digits, '0'+(c-1)/10, '0'+(c-1)%10)
	}
	return Value{}, nil, damaged
}

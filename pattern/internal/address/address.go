// Package address reads IP addresses and blocks of them as event-ruler does.
package address

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// IP is an address; those of version 4 stand in the first four bytes.
type IP struct {
	Bytes [16]byte
	V4    bool
}

// Block is the addresses whose first Bits bits are those of IP.
type Block struct {
	IP   IP
	Bits int
}

// Contains reports whether ip lies in the block. Versions do not mix.
func (b Block) Contains(ip IP) bool {
	return ip.V4 == b.IP.V4 && ip.Mask(b.Bits) == b.IP
}

// Mask returns the address with all but its first bits cleared.
func (ip IP) Mask(n int) IP {
	for i := range ip.Bytes {
		keep := min(max(n-8*i, 0), 8)
		ip.Bytes[i] &= ^byte(0xff >> keep)
	}
	return ip
}

// Parse reads an address of either version. Four decimal numbers may have
// leading zeros; a version 4 address in version 6 clothes is one of version 4.
func Parse[T string | []byte](s T) (IP, bool) {
	if len(s) < 2 || len(s) > 39+8 {
		return IP{}, false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			return parse4(s)
		case c == ':':
			return parse6(s)
		case c-'0' > 9 && c|0x20-'a' > 5:
			return IP{}, false
		}
	}
	return IP{}, false
}

func parse4[T string | []byte](s T) (IP, bool) {
	ip := IP{V4: true}
	part, value, digits := 0, 0, 0
	if len(s) > 15 {
		return IP{}, false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c-'0' <= 9:
			value = value*10 + int(c-'0')
			digits++
			if value > 255 {
				return IP{}, false
			}
		case c == '.' && digits > 0 && part < 3:
			ip.Bytes[part] = byte(value)
			part, value, digits = part+1, 0, 0
		default:
			return IP{}, false
		}
	}
	ip.Bytes[3] = byte(value)
	return ip, part == 3 && digits > 0
}

func parse6[T string | []byte](s T) (IP, bool) {
	var ip IP
	at, gap := 0, -1 // bytes written, and where "::" stood
	i := 0
	if s[0] == ':' {
		if s[1] != ':' {
			return IP{}, false
		}
		i = 1
	}
	value, digits := 0, false
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c-'0' <= 9:
			value = value<<4 | int(c-'0')
		case c|0x20-'a' <= 5:
			value = value<<4 | int(c|0x20-'a'+10)
		case c == ':' && !digits:
			if gap >= 0 {
				return IP{}, false
			}
			gap = at
			continue
		case c == ':' && i+1 < len(s) && at < 16:
			ip.Bytes[at], ip.Bytes[at+1] = byte(value>>8), byte(value)
			at, value, digits = at+2, 0, false
			continue
		default:
			return IP{}, false
		}
		if digits = true; value > 0xffff {
			return IP{}, false
		}
	}
	if digits {
		if at >= 16 {
			return IP{}, false
		}
		ip.Bytes[at], ip.Bytes[at+1] = byte(value>>8), byte(value)
		at += 2
	}
	if gap >= 0 {
		if at == 16 {
			return IP{}, false
		}
		tail := at - gap
		copy(ip.Bytes[16-tail:], ip.Bytes[gap:at])
		clear(ip.Bytes[gap : 16-tail])
		at = 16
	}
	if at != 16 {
		return IP{}, false
	}
	if [12]byte(ip.Bytes[:12]) == [12]byte{10: 0xff, 11: 0xff} {
		v4 := IP{V4: true}
		copy(v4.Bytes[:4], ip.Bytes[12:])
		return v4, true
	}
	return ip, true
}

// ParseBlock reads an address, a slash and the count of bits. The errors are
// in event-ruler's words.
func ParseBlock(s string) (Block, error) {
	parts := strings.Split(strings.TrimRight(s, "/"), "/")
	if len(parts) != 2 {
		return Block{}, errors.New("Malformed CIDR, one '/' required")
	}
	bits, err := strconv.ParseInt(parts[1], 10, 32)
	switch {
	case err != nil || strings.ContainsRune(parts[1], '_'):
		return Block{}, errors.New("Malformed CIDR, mask bits must be an integer")
	case bits < 0:
		return Block{}, errors.New("Malformed CIDR, mask bits must not be negative")
	}
	ip, ok := Parse(parts[0])
	if !ok {
		if looksLikeAddress(parts[0]) {
			return Block{}, fmt.Errorf("Invalid IP address: %s", parts[0])
		}
		return Block{}, fmt.Errorf("Nonstandard IP address: %s", parts[0])
	}
	switch {
	case ip.V4 && bits > 31:
		return Block{}, errors.New("IPv4 mask bits must be < 32")
	case bits > 127:
		return Block{}, errors.New("IPv6 mask bits must be < 128")
	}
	return Block{IP: ip.Mask(int(bits)), Bits: int(bits)}, nil
}

// looksLikeAddress reports whether s has an address's form, be it one or not.
func looksLikeAddress(s string) bool {
	if strings.Contains(s, ":") {
		return strings.Trim(s, "0123456789abcdefABCDEF:") == ""
	}
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if p == "" || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return len(parts) == 4
}

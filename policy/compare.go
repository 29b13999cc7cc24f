package policy

import (
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func equalText(a, b string) bool { return a == b }

// matchARNOnly is matchARN for what has the form of ARNs.
func matchARNOnly(pattern, value string) bool {
	return strings.Count(value, ":") >= 5 && strings.HasPrefix(value, "arn:") && matchARN(pattern, value)
}

// numeric compares decimal numbers exactly; order is told the sign of value -
// pattern.
func numeric(order func(int) bool) matcher {
	return func(pattern, value string) bool {
		p, ok1 := number(pattern)
		v, ok2 := number(value)
		return ok1 && ok2 && order(v.Cmp(p))
	}
}

// number reads a decimal number. Its length and exponent are bounded, so that
// none takes long to compare.
func number(s string) (*big.Rat, bool) {
	if len(s) == 0 || len(s) > 64 || strings.ContainsAny(s, "/xXoObBpP_") {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > 400 || e < -400 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// date compares times, written as ISO 8601 or as seconds since 1970.
func date(order func(int) bool) matcher {
	return func(pattern, value string) bool {
		p, ok1 := instant(pattern)
		v, ok2 := instant(value)
		return ok1 && ok2 && order(v.Compare(p))
	}
}

func instant(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

// inRange says whether an address lies in a range, or is the address.
func inRange(pattern, value string) bool {
	a, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	a = a.Unmap()
	if p, err := netip.ParsePrefix(pattern); err == nil {
		return p.Contains(a)
	}
	p, err := netip.ParseAddr(pattern)
	return err == nil && p.Unmap() == a
}

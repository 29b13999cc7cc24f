package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Time is a timestamp of an API. It is kept in UTC at the precision of the
// wire, milliseconds, and written as the protocol in use writes it: seconds
// since 1970 with up to three decimals (JSON, CBOR), ISO 8601 (query, XML) or
// the date form of HTTP (headers).
type Time struct{ time.Time }

// At makes a wire timestamp of t, cut to milliseconds.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// The years that every protocol can write.
var (
	minTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
)

// timeOfSeconds converts epoch seconds, with fractions.
func timeOfSeconds(s float64) (Time, error) {
	ms := math.Round(s * 1000)
	if math.IsNaN(ms) || ms < float64(minTime) || ms > float64(maxTime) {
		return Time{}, fmt.Errorf("timestamp %v is out of range", s)
	}
	return Time{time.UnixMilli(int64(ms)).UTC()}, nil
}

// parseTime reads any of the written forms: ISO 8601, HTTP date, or seconds.
func parseTime(s string) (Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "Mon, 02 Jan 2006 15:04:05 GMT"} {
		if t, err := time.Parse(layout, s); err == nil {
			if ms := t.UnixMilli(); ms < minTime || ms > maxTime {
				return Time{}, fmt.Errorf("timestamp %q is out of range", s)
			}
			return At(t), nil
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return timeOfSeconds(f)
	}
	return Time{}, fmt.Errorf("%q is no timestamp", s)
}

// timeOf reads a timestamp; what was not quoted is a number.
func timeOf(text string, quoted bool) (Time, error) {
	if quoted {
		return parseTime(text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return parseTime(text)
	}
	return timeOfSeconds(f)
}

// appendSeconds writes seconds since 1970, with decimals only where needed.
func (t Time) appendSeconds(b []byte) []byte {
	ms := t.UnixMilli()
	if ms < 0 {
		b = append(b, '-')
		ms = -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if frac := ms % 1000; frac != 0 {
		b = append(b, strings.TrimRight(fmt.Sprintf(".%03d", frac), "0")...)
	}
	return b
}

// iso8601 writes 2015-10-07T13:00:00Z, with milliseconds only where needed.
func (t Time) iso8601() string {
	if t.UnixMilli()%1000 != 0 {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// httpDate writes Wed, 07 Oct 2015 13:00:00 GMT.
func (t Time) httpDate() string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }

// format writes t in a named format of the models, or in the default one.
func (t Time) format(name, standard string) string {
	if name == "" {
		name = standard
	}
	switch name {
	case "unixTimestamp":
		return string(t.appendSeconds(nil))
	case "rfc822":
		return t.httpDate()
	}
	return t.iso8601()
}

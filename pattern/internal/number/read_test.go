package number

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/pattern/internal/lex"
)

// sameAsSlowly compares what Read makes of a text with what Parse makes of it.
func sameAsSlowly(t *testing.T, text string) (v Verdict) {
	t.Helper()
	n, end := Read([]byte(text), 0)
	if want := lex.Number([]byte(text), 0); end != want {
		t.Fatalf("%q: ends at %d, want %d", text, end, want)
	}
	if end < 0 {
		return Unsure
	}
	f, v := n.Nearest()
	want, ok := Parse([]byte(text[:end]))
	switch {
	case string(n.Text()) != text[:end]:
		t.Fatalf("%q: the text is %q", text, n.Text())
	case v == Inexact && ok, v == Exact && !ok, v == Unsure && n.Held(f) != ok:
		t.Fatalf("%q: verdict %d, held %v", text, v, ok)
	case ok && f != want:
		t.Fatalf("%q: got %v, want %v", text, f, want)
	}
	return v
}

func TestReadingFastComesToTheSameAsReadingSlowly(t *testing.T) {
	for _, text := range []string{"0", "-0", "-0.0", "0.0000000000000000000000", "01", "-", "", ".5", "1.", "1.e1", "1e", "1e5", "1E+5x", "300", "300.00",
		"9007199254740991", "9007199254740992", "9007199254740993", "9007199254740992.0", "9007199254740993.0", "18446744073709551615", "18446744073709551616", "99999999999999999999",
		"0.10000000000000000", "0.3000000000000000444", "4.35", "12345678", "1234567890123456", "123456789012345678", "1.23456789012345678", "0.0156250000000001",
		"4503599627370496.5", "4503599627370497.5", "2.0000000000000002", "2.0000000000000003", "1.9999999999999998", "1.9999999999999999", "15.999999999999998", "16.000000000000004", "9999999999999999.9", "99999999.99999999"} {
		sameAsSlowly(t, text)
		sameAsSlowly(t, text+", ")
		sameAsSlowly(t, text+"        ]")
	}
	r := rand.New(rand.NewPCG(5, 6))
	verdicts := map[Verdict]int{}
	for range 100_000 {
		// Numbers as programs write them, and with a digit too many or changed.
		f := (r.Float64() - 0.5) * []float64{1, 3, 400, 1e6, 1e12, 1e15}[r.IntN(6)]
		text := strconv.FormatFloat(f, 'f', []int{-1, 3, 13, 14, 15, 16, 17}[r.IntN(7)], 64)
		if r.IntN(4) == 0 {
			b := []byte(text)
			b[len(b)-1] = byte('0' + r.IntN(10))
			text = string(b)
		}
		verdicts[sameAsSlowly(t, text)]++
	}
	if verdicts[Exact] < 40_000 || verdicts[Inexact] < 10_000 || verdicts[Unsure] > 40_000 {
		t.Errorf("verdicts are %v", verdicts)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"-122.42916360922355", "37.729900216217324", "1e-7", "0.1000000000000000055", "9007199254740993", "1234567.8901234567"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 100 {
			return
		}
		sameAsSlowly(t, text)
		if _, end := Read([]byte(text), 0); end == len(text) && !json.Valid([]byte(text)) {
			t.Fatalf("read %q, which is no JSON", text)
		} else if end < 0 && json.Valid([]byte(text)) && strings.Trim(text, "-.eE+0123456789") == "" {
			t.Fatalf("did not read %q", text)
		}
	})
}

var sink float64

func BenchmarkRead(b *testing.B) {
	for _, text := range []string{"7", "300.25", "-122.42916360922355", "37.729900216217324"} {
		b.Run(text, func(b *testing.B) {
			event := []byte(text + ", \"y\": 0.0 }")
			for b.Loop() {
				n, _ := Read(event, 0)
				sink, _ = n.Nearest()
			}
		})
	}
}

package item

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestNumbersAreKeptInCanonicalForm(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0", "0"}, {"-0.0", "0"}, {"+1.50", "1.5"}, {"007", "7"}, {"1e3", "1000"}, {"1E-3", "0.001"}, {".5", "0.5"}, {"5.", "5"},
		{"-12.340e1", "-123.4"}, {"1e125", "1" + strings.Repeat("0", 125)}, {"1e-130", "0." + strings.Repeat("0", 129) + "1"},
		{"0e500", "0"}, {strings.Repeat("9", 38) + "000", strings.Repeat("9", 38) + "000"},
	} {
		n, err := ParseNumber(c.in)
		if err != nil || n.String() != c.want {
			t.Errorf("%s is %s, %v; want %s", c.in, n, err, c.want)
		}
	}
}

func TestNumbersThatAreRefused(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "cannot be converted to a numeric value"}, {"abc", "numeric value: abc"}, {"1e", "numeric value"}, {" 1", "numeric value"},
		{"0x10", "numeric value"}, {"1_0", "numeric value"}, {"--1", "numeric value"}, {"1e+-3", "numeric value"}, {"NaN", "numeric value"},
		{"1e126", "overflow"}, {"-1e126", "overflow"}, {"1e-131", "underflow"}, {"1e99999999999999999999", "overflow"},
		{strings.Repeat("1", 39), "38 significant digits"}, {"1." + strings.Repeat("1", 38), "38 significant digits"},
	} {
		if n, err := ParseNumber(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s is %s, %v; want an error with %q", c.in, n, err, c.want)
		}
	}
}

func TestAddingKeepsAllDigitsOrRefuses(t *testing.T) {
	num := func(s string) Number {
		n, err := ParseNumber(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		a, b  string
		minus bool
		want  string
	}{
		{"1", "2", false, "3"}, {"1", "2", true, "-1"}, {"0.1", "0.2", false, "0.3"}, {"-5", "5", false, "0"}, {"0", "7", true, "-7"},
		{"99999999999999999999999999999999999999", "1", false, "1" + strings.Repeat("0", 38)},
		{"1e30", "1e-7", false, "1000000000000000000000000000000.0000001"}, {"10", "0.5", true, "9.5"},
	} {
		if got, err := num(c.a).Add(num(c.b), c.minus); err != nil || got.String() != c.want {
			t.Errorf("%s, %s: %s, %v; want %s", c.a, c.b, got, err, c.want)
		}
	}
	if _, err := num("1e30").Add(num("1e-30"), false); err == nil {
		t.Error("a sum of 61 digits was not refused")
	}
}

func TestBadValuesAreRefusedInDynamoDBsWords(t *testing.T) {
	deep := func(n int) string {
		return `{"v":` + strings.Repeat(`{"L":[`, n) + `{"S":"x"}` + strings.Repeat("]}", n) + "}"
	}
	for _, c := range []struct{ name, in, want string }{
		{"no type", `{"v":{}}`, "Supplied AttributeValue is empty"},
		{"a null for a type", `{"v":{"S":null}}`, "Supplied AttributeValue is empty"},
		{"two types", `{"v":{"S":"a","N":"1"}}`, "more than one datatypes"},
		{"null that is false", `{"v":{"NULL":false}}`, "must have the value of true"},
		{"an empty set", `{"v":{"SS":[]}}`, "An string set  may not be empty"},
		{"an empty set of bytes", `{"v":{"BS":[]}}`, "Binary sets should not be empty"},
		{"text twice in a set", `{"v":{"SS":["a","a"]}}`, "Input collection [a, a] contains duplicates"},
		{"a number twice in a set", `{"v":{"NS":["1","1.0"]}}`, "contains duplicates"},
		{"bytes twice in a set", `{"v":{"BS":["YQ==","YQ=="]}}`, "of type BS contains duplicates"},
		{"a bad number inside", `{"v":{"M":{"x":{"L":[{"N":"x"}]}}}}`, "numeric value: x"},
		{"33 levels", deep(32), "Nesting Levels have exceeded supported limits"},
		{"an empty name inside", `{"v":{"M":{"":{"S":"a"}}}}`, "Empty attribute name"},
		{"a number as text", `{"v":{"S":1}}`, "NUMBER_VALUE cannot be converted to String"},
		{"what is no base64", `{"v":{"B":"!"}}`, "base64"},
	} {
		if _, err := Parse([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Parse([]byte(deep(31))); err != nil {
		t.Errorf("32 levels: %v", err)
	}
}

func TestSizesAsTheDeveloperGuideCountsThem(t *testing.T) {
	it, err := Parse([]byte(`{"name":{"S":"äb"},"n":{"N":"-12345"},"z":{"N":"0"},"b":{"BOOL":true},"l":{"L":[{"S":"x"},{"NULL":true}]},"m":{"M":{"k":{"S":""}}},"s":{"SS":["a","bc"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	// names 4+1+1+1+1+1+1, äb 3, -12345: 3+1+1, 0: 1, true 1, list 3+2+2, map 3+1+1, set 3
	if got, want := it.Size(), 10+3+5+1+1+7+5+3; got != want {
		t.Errorf("size %d, want %d", got, want)
	}
}

// FuzzParse checks that what is parsed is written so that it is parsed again as
// the same, and written as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"a":{"S":"x"}}`, `{"a":{"N":"-1.50e3"},"b":{"NS":["1","2"]}}`, `{ "m" : {"M":{"l":{"L":[{"B":"AA=="},{"BOOL":false},{"NULL":true}]}}} }`,
		`{"é\u0000\"":{"BS":["","/w=="]}}`, `{}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !jsontext.Value(text).IsValid() { // package wire has seen to it
			return
		}
		it, err := Parse([]byte(text))
		if err != nil {
			return
		}
		written := it.AppendJSON(nil)
		again, err := Decode(written)
		if err != nil {
			t.Fatalf("%q is written as %s, which is refused: %v", text, written, err)
		}
		if !Equal(Value{Kind: M, Map: it}, Value{Kind: M, Map: again}) {
			t.Errorf("%q became %s", text, written)
		}
		if twice := again.AppendJSON(nil); !bytes.Equal(written, twice) {
			t.Errorf("written as %s, then as %s", written, twice)
		}
	})
}

// FuzzKeysCompareAsTheirValues checks that the key form of values keeps their
// order, can be read back, and that none begins another's.
func FuzzKeysCompareAsTheirValues(f *testing.F) {
	for _, s := range [][2]string{{"1", "2"}, {"-1", "1"}, {"0", "-0.5"}, {"12", "120"}, {"1.5", "1.50"}, {"9e125", "-9e125"}, {"1e-130", "0"}, {"a", "a\x00"}, {"", "\x00"}, {"a\x00b", "a\xff"}, {"1234567", "12345678"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		sameOrder(t, Value{Kind: B, Text: a}, Value{Kind: B, Text: b})
		m, err1 := ParseNumber(a)
		n, err2 := ParseNumber(b)
		if err1 != nil || err2 != nil {
			return
		}
		sameOrder(t, m.Value(), n.Value())
		x, _ := new(big.Rat).SetString(m.String())
		y, _ := new(big.Rat).SetString(n.String())
		if got, want := m.Compare(n), x.Cmp(y); (got < 0) != (want < 0) || (got > 0) != (want > 0) {
			t.Errorf("%s and %s compare as %d, want %d", m, n, got, want)
		}
	})
}

func sameOrder(t *testing.T, a, b Value) {
	t.Helper()
	x, y := AppendKey(nil, a), AppendKey(nil, b)
	want, _ := Compare(a, b)
	if got := bytes.Compare(x, y); (got < 0) != (want < 0) || (got > 0) != (want > 0) {
		t.Errorf("%q and %q compare as %d, their keys as %d", a.Text, b.Text, want, got)
	}
	if want != 0 && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
		t.Errorf("the key of %q begins that of %q", a.Text, b.Text)
	}
	got, rest, err := ReadKey(append(x, "rest"...), a.Kind)
	if err != nil || string(rest) != "rest" || !Equal(got, a) {
		t.Errorf("the key of %q is read as %q, %q, %v", a.Text, got.Text, rest, err)
	}
}

package lex

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestStringsSayWhatTheirEscapesMean(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{`abc`, "abc"},
		{`\"\\\/\b\f\n\r\t`, "\"\\/\b\f\n\r\t"},
		{`\u00e4\u65e5`, "ä日"},
		{`\ud83d\ude00!`, "😀!"},
		{`\ud83d`, "?"},
		{`\ud83dx`, "?x"},
		{`\ude00\ud83d\ude00`, "?😀"},
	} {
		text := []byte(c.raw + `"`)
		end, plain := String(text, 0)
		if end != len(c.raw) || plain == strings.Contains(c.raw, `\`) {
			t.Errorf("%s: ends at %d, plain %v", c.raw, end, plain)
			continue
		}
		if got := string(AppendUnquoted(nil, text[:end])); got != c.want {
			t.Errorf("%s: got %q", c.raw, got)
		}
	}
}

func TestBrokenTextIsNoValue(t *testing.T) {
	for _, text := range []string{"", `"`, `"abcdefghi`, `"\`, `"\x"`, `"\u12g4"`, "\"a\nb\"", "\"abcdefgh\x01ij\"", `{`, `{"a":[}`, `[`, `-`, `1.`, `1e`, `.5`, `tru`, `nul`, `x`} {
		if end := Skip([]byte(text), 0); end >= 0 {
			t.Errorf("%q: ends at %d", text, end)
		}
	}
}

func FuzzSkip(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\n\u00e4",{}],"b":null}`, `"ab\\cdefgh\"ijklm"`, `[[[]],true,false]`, `-0.0`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		end := Skip(text, Space(text, 0))
		if !json.Valid(text) {
			return
		}
		if Space(text, max(end, 0)) != len(text) || end < 0 {
			t.Fatalf("%q ends at %d", text, end)
		}
		var s string
		if text = bytes.TrimSpace(text); json.Unmarshal(text, &s) == nil && text[0] == '"' {
			if !utf8.Valid(text) {
				return // json.Unmarshal mends it
			}
			// Half a surrogate pair is a question mark here.
			got, marks := string(AppendUnquoted(nil, text[1:len(text)-1])), strings.NewReplacer("\ufffd", "?")
			if marks.Replace(got) != marks.Replace(s) {
				t.Fatalf("%s says %q, not %q", text, got, s)
			}
		}
	})
}

func TestSkippingFindsTheEndWhereverStringsAndEscapesLie(t *testing.T) {
	for _, inside := range []string{``, `[]`, `"`, `{"a":"]}"}`, `"[\"]{"`, `"\\"`, `"\\","]"`, `"\\\"}"`, `"","","","",""`, `[[[[[[[[[]]]]]]]]]`, `{},{},{},{}`, `"{{{{{{{{{{"`} {
		for pad := range 20 {
			for _, text := range []string{
				"[" + strings.Repeat(" ", pad) + inside + "]",
				"[" + inside + strings.Repeat(" ", pad) + "]",
				`["` + strings.Repeat("x", pad) + `",` + inside + "]",
			} {
				for _, behind := range []string{"", "]]]", ` "]}" ]         `} {
					end := Skip([]byte(text+behind), 0)
					if inside == `"` {
						continue // no JSON: any answer within the text will do
					}
					if end != len(text) {
						t.Fatalf("%s: ends at %d of %d", text+behind, end, len(text))
					}
				}
			}
		}
	}
}

func BenchmarkSkip(b *testing.B) {
	for name, text := range map[string]string{
		"strings": `{ "MAPBLKLOT": "1234567", "BLKLOT": "1234567", "BLOCK_NUM": "1234", "LOT_NUM": "567", "FROM_ST": "12", "TO_ST": "3456", "STREET": "JEFFERSON", "ST_TYPE": "ST", "ODD_EVEN": "E" }`,
		"numbers": `[ { "x": -122.42916360922355, "y": 37.729900216217324, "z": 0.0 }, { "x": -122.42916360922355, "y": 37.729900216217324, "z": 0.0 } ]`,
		"text":    `["` + strings.Repeat("the quick brown fox ", 10) + `"]`,
		"escapes": `["` + strings.Repeat(`the quick \"brown\" fox `, 10) + `"]`,
	} {
		b.Run(name, func(b *testing.B) {
			event := []byte(text)
			b.SetBytes(int64(len(event)))
			for b.Loop() {
				if Skip(event, 0) != len(event) {
					b.Fatal()
				}
			}
		})
	}
}

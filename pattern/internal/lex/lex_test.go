package lex

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
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
			got := string(AppendUnquoted(nil, text[1:len(text)-1]))
			if strings.ToValidUTF8(strings.ReplaceAll(got, "?", ""), "") != strings.ToValidUTF8(strings.NewReplacer("?", "", "\ufffd", "").Replace(s), "") && !strings.Contains(got, "\ufffd") {
				t.Fatalf("%s says %q, not %q", text, got, s)
			}
		}
	})
}

package vtl_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/vtl"
)

func TestWhatGoesBeyondALimitIsAnError(t *testing.T) {
	many := strings.Repeat("x", 5000)
	for name, template := range map[string]string{
		"a doubling string":          `#set($s="aaaaaaaa")#foreach($i in [1..100])#set($s=$s+$s)#end`,
		"a doubling interpolation":   `#set($s="aaaaaaaa")#foreach($i in [1..100])#set($s="$s$s")#end`,
		"a doubling list":            `#set($l=[1])#foreach($i in [1..100])#set($ok=$l.addAll($l))#end`,
		"a list of lists as text":    `#set($l=[1])#foreach($i in [1..100])#set($l=[$l,$l])#end$l`,
		"lists of lists compared":    `#set($l=[1])#set($k=[1])#foreach($i in [1..100])#set($l=[$l,$l])#set($k=[$k,$k])#end#if($l==$k)x#end`,
		"a list within itself":       `#set($l=[1])#set($ok=$l.add($l))$l`,
		"a map within itself":        `#set($m={})#set($m.a=$m)$m`,
		"loops within loops":         `#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end`,
		"a long loop":                `#foreach($a in [1..1001])x#end`,
		"a long range":               `#set($x=[1..9999999999])`,
		"a range beyond its numbers": `#set($x=[-9223372036854775807..9223372036854775807])`,
		"a macro that calls itself":  `#macro(m)#m()#m()#end#m()`,
		"a definition of itself":     `#define($d)$d$d#end$d`,
		"a growing number":           `#set($n=9999999999)#foreach($i in [1..100])#set($n=$n*$n)#end`,
		"a repeated string":          `#set($s="abc")$s.repeat(999999999)`,
		"replacements that grow":     `#set($s="` + many + `")$s.replace("x",$s).replace("x",$s)`,
		"patterns that grow":         `#set($s="` + many + `")$s.replaceAll("x",$s).replaceAll("x",$s)`,
		"deep parentheses":           `#set($x=` + strings.Repeat("(", 10000) + `1`,
		"deep lists":                 `#set($x=` + strings.Repeat("[", 10000) + `1`,
		"deep nots":                  `#set($x=` + strings.Repeat("!", 10000) + `1)`,
		"deep blocks":                strings.Repeat("#if(true)", 10000),
	} {
		if _, err := render(template, nil); !errors.Is(err, vtl.ErrLimit) {
			t.Errorf("%s: error = %v, want one of a limit", name, err)
		}
	}
}

func TestAnErrorSaysWhereItIs(t *testing.T) {
	for template, want := range map[string]string{
		"a\nb #set($x = ":             "line 2, column 13: the template ends within an expression",
		"\n\n$l.get(7)":               "line 3, column 1: $l.get(7): index 7 of a list of 1",
		"#parse(\"x\")":               "line 1, column 7: #parse is not available",
		"x #if(true) y":               "line 1, column 14: a block is not closed: #end is missing",
		"#set($x = $l.set(3, \"y\"))": "line 1, column 11: $l.set(3, \"y\"): index 3 of a list of 1",
	} {
		if _, err := render(template, map[string]any{"l": vtl.NewList("x")}); err == nil || err.Error() != want {
			t.Errorf("%q: error = %v\nwant %s", template, err, want)
		}
	}
}

func TestVelocityCountOfOldTemplatesCounts(t *testing.T) {
	got, err := render(`#foreach($i in ["a","b"])$velocityCount$i#end`, nil)
	if err != nil || got != "1a2b" {
		t.Errorf("got %q, %v", got, err)
	}
}

// host is an Object of which a test knows the answers.
type host struct{ calls []string }

func (h *host) Property(name string) (any, bool) { return "<" + name + ">", name == "here" }

func (h *host) Call(name string, args []any) (any, error) {
	if name != "call" {
		return nil, vtl.ErrNoMethod
	}
	h.calls = append(h.calls, name)
	if len(args) == 0 {
		return nil, errors.New("no arguments")
	}
	return args[0], nil
}

func TestAHostBringsInItsOwnObjects(t *testing.T) {
	h := &host{}
	got, err := render(`$h.here $h.there $h.call("x").length() $h.other(1) $h["here"]`, map[string]any{"h": h})
	if want := "<here> $h.there 1 $h.other(1) <here>"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := render(`$h.call()`, map[string]any{"h": h}); err == nil || !strings.Contains(err.Error(), "no arguments") {
		t.Errorf("error = %v, want the host's", err)
	}
	if len(h.calls) != 2 {
		t.Errorf("%d calls, want 2", len(h.calls))
	}
}

func TestJSONComesBackAsItWas(t *testing.T) {
	for _, text := range []string{
		`{"b":1,"a":[1.5,true,null,"x/y"],"c":{}}`, `"é\u2028\""`, `[]`, `12345678901234567890`, `-0.001`, `1.0E10`,
	} {
		v, err := vtl.DecodeJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := vtl.EncodeJSON(v); err != nil || got != text {
			t.Errorf("%s comes back as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{``, `{`, `[1,]`, `{"a"}`, `1 2`, strings.Repeat("[", 100000)} {
		if v, err := vtl.DecodeJSON([]byte(text)); err == nil {
			t.Errorf("%.20q gives %v, want an error", text, v)
		}
	}
}

func FuzzTemplatesNeverPanicAndEnd(f *testing.F) {
	for _, r := range corpus(f) {
		f.Add(r.Template)
	}
	f.Fuzz(func(t *testing.T, template string) {
		parsed, err := vtl.Parse(template)
		if err != nil {
			return
		}
		vars := map[string]any{
			"s": "str", "e": "", "n": int64(5), "l": vtl.NewList("a", "b"), "m": vtl.NewMap("k", "v"), "d": 1.5, "t": true,
			"big": new(big.Int).Lsh(big.NewInt(1), 100), "h": &host{}, "null": nil,
		}
		limits := vtl.Limits{Output: 1 << 16, Steps: 20_000}
		out, err := parsed.Render(vars, limits)
		if err == nil && len(out) > limits.Output {
			t.Errorf("%d bytes of output", len(out))
		}
	})
}

package transform

import (
	"encoding/json"
	"strings"
	"testing"
)

const document = ` { "version" : "0", "detail-type": "t", "a/b": {"c_d": 1}, "é": "ü",
 "detail": {"n": null, "empty": {}, "none": [], "text": "a\\\"]}", "items": [ {"id": 1, "l":[1,2]}, 5, {"x": 0}, {"id": "two", "l":[3]} ],
   "twice": 1, "twice": 2, "esc\u0061ped": true, "0": "zero", "o": {"p": {"q": 7}, "r": 8} } } `

func TestFind(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"$", strings.TrimSpace(document)},
		{"$.version", `"0"`},
		{"$.detail-type", `"t"`},
		{"$.a/b.c_d", `1`},
		{"$.é", `"ü"`},
		{"$.detail.n", `null`},
		{"$.detail.empty", `{}`},
		{"$.detail.text", `"a\\\"]}"`},
		{"$.detail.items[0].id", `1`},
		{"$.detail.items[3].l[0]", `3`},
		{"$.detail.items[1]", `5`},
		{"$.detail.twice", `2`},
		{"$.detail.escaped", `true`},
		{"$.detail.0", `"zero"`},
		{"$.detail.items[*].id", `[1,"two"]`},
		{"$.detail.items[*].l[*]", `[1,2,3]`},
		{"$.detail.items[*].l", `[[1,2],[3]]`},
		{"$.detail.none[*]", `[]`},
		{"$.detail.none[*].id", `[]`},
		{"$.detail.o.*", `[{"q": 7},8]`},
		{"$.detail.o.*.q", `[7]`},
		{"$.detail.missing", ``},
		{"$.detail.missing[*]", ``},
		{"$.detail.twice[*]", ``},
		{"$.detail.items.id", ``},
		{"$.detail.items[4]", ``},
		{"$.detail.o[0]", ``},
		{"$.detail.n.x", ``},
		{"$.DETAIL", ``},
	} {
		p, err := ParsePath(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		got, ok := p.Find([]byte(document))
		if string(got) != c.want || ok != (c.want != "") {
			t.Errorf("%s found %q, %v; want %q", c.path, got, ok, c.want)
		}
		// The plan, which finds many paths at once, must find the same.
		var many plan
		other, _ := ParsePath("$.detail")
		i := many.add(p)
		many.add(other)
		found := make([]span, len(many.paths))
		many.find([]byte(document), found)
		if got, ok := many.value([]byte(document), found, i); string(got) != c.want || ok != (c.want != "") {
			t.Errorf("%s as one of many found %q, %v; want %q", c.path, got, ok, c.want)
		}
	}
}

func TestParsePathSaysWhatIsNotSupported(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"", "begins with $ (at character 1)"},
		{"detail", "begins with $"},
		{"$detail", "begins with . or ["},
		{"$.", "does not end with a dot"},
		{"$..id", "recursive descent"},
		{"$.a..b", "recursive descent"},
		{"$.a.", "does not end with a dot (at character 4)"},
		{"$.a.[0]", "a name is missing"},
		{"$.a['b']", "names in brackets"},
		{`$["b"]`, "names in brackets"},
		{"$.a[?(@.b)]", "filters and scripts"},
		{"$.a[(@.length-1)]", "filters and scripts"},
		{"$.a[0:2]", "slices"},
		{"$.a[0,1]", "unions"},
		{"$.a[-1]", "negative"},
		{"$.a[]", "an index or *"},
		{"$.a[+1]", "an index or *"},
		{"$.a[99999999999]", "an index or *"},
		{"$.a[0", "not closed"},
		{"$.a.length()", `'(' cannot be part of a name`},
		{"$.a b", `' ' cannot be part of a name`},
		{"$.a*", `'*' cannot be part of a name`},
		{"$.a[0]b", "begins with . or ["},
	} {
		if p, err := ParsePath(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gave %v, %v; want %q", c.path, p, err, c.want)
		}
	}
}

func TestTheScannerEndsOnBrokenDocuments(t *testing.T) {
	p, _ := ParsePath("$.detail.items[2].id")
	all, _ := ParsePath("$.detail[*].items[*]")
	for n := range document {
		for _, doc := range []string{document[:n], document[n:], document[:n] + "}" + document[n:], document[:n] + `"` + document[n:], document[:n] + "," + document[n:]} {
			p.Find([]byte(doc))
			all.Find([]byte(doc))
			appendBare(nil, []byte(doc))
			appendCompact(nil, []byte(doc))
			appendEnvelope(nil, []byte(doc))
		}
	}
}

func FuzzCheckerAgreesWithTheStandardLibrary(f *testing.F) {
	for _, s := range []string{document, `{"a":[1,-0.5e+3,true,null,"\u00e9\n"]}`, "01", "1.", "-", `"\x"`, "[1,]", `{"a":}`, "nul", "nullx", "\"\x01\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Count(s, "[")+strings.Count(s, "{") > maxDepth || strings.IndexByte(s, hole) >= 0 {
			t.Skip()
		}
		if got, want := validJSON([]byte(s)), json.Valid([]byte(s)); got != want {
			t.Fatalf("%q: %v, the standard library says %v", s, got, want)
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add("$.detail.items[*].id", document)
	f.Add("$.a[0]", `{"a":[`)
	f.Fuzz(func(t *testing.T, path, doc string) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		if value, ok := p.Find([]byte(doc)); ok && json.Valid([]byte(doc)) && !json.Valid(value) {
			t.Fatalf("%s found %q in %q", path, value, doc)
		}
	})
}

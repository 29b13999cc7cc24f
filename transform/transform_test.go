package transform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"
)

var facts = Facts{
	RuleARN:       "arn:aws:events:us-east-1:123456789012:rule/orders/example",
	RuleName:      "example",
	Ingested:      time.Date(2024, 6, 11, 8, 33, 10, 987e6, time.UTC),
	PipeARN:       "arn:aws:pipes:us-east-1:123456789012:pipe/p",
	PipeName:      "p",
	SourceARN:     "arn:s",
	EnrichmentARN: "arn:e",
	TargetARN:     "arn:t",
}

// testCase is one case of the files in testdata.
type testCase struct {
	name   string
	given  map[string]string
	paths  map[string]string
	hasVar bool // the case itself defines variables
}

func (c testCase) text(name string) *string {
	if v, ok := c.given[name]; ok {
		return &v
	}
	return nil
}

// readCases reads a file of testdata; rules.txt describes the form.
func readCases(t testing.TB, file string) []testCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []testCase
	paths, event, last := map[string]string{}, "", ""
	for i, line := range strings.Split(string(raw), "\n") {
		switch {
		case strings.HasPrefix(line, "--- "):
			if event == "" { // without events each case has its own variables
				paths = map[string]string{}
			}
			cases = append(cases, testCase{name: line[4:], given: map[string]string{"event": event}})
			continue
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		}
		c := &cases[len(cases)-1]
		if more, ok := strings.CutPrefix(line, "| "); ok {
			if c.given[last] != "" {
				more = c.given[last] + "\n" + more
			}
			c.given[last] = more
			continue
		}
		if v, ok := strings.CutPrefix(line, "var "); ok {
			name, path, _ := strings.Cut(v, " = ")
			paths[name] = path
			c.paths, c.hasVar = maps.Clone(paths), true
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("%s:%d: %q is not understood", file, i+1, line)
		}
		last = name
		c.given[name] = strings.TrimPrefix(value, " ")
		if name == "event" {
			event = c.given[name]
			paths = map[string]string{}
		}
		c.paths = maps.Clone(paths)
	}
	return cases
}

func TestRules(t *testing.T) {
	for _, c := range readCases(t, "rules.txt") {
		t.Run(c.name, func(t *testing.T) {
			spec := Spec{TargetID: "t1", Input: c.text("input"), InputPath: c.text("inputpath"), Template: c.text("template")}
			if spec.Template != nil {
				spec.PathsMap = c.paths
			}
			tr, err := New(spec)
			if err != nil {
				t.Fatalf("refused: %v (%v)", err, errors.Unwrap(err))
			}
			expect(t, tr, c)
		})
	}
}

func TestPipes(t *testing.T) {
	for _, c := range readCases(t, "pipes.txt") {
		t.Run(c.name, func(t *testing.T) {
			tr, err := NewPipe(c.given["template"])
			if err != nil {
				t.Fatalf("refused: %v (%v)", err, errors.Unwrap(err))
			}
			expect(t, tr, c)
		})
	}
}

func expect(t *testing.T, tr *Transformer, c testCase) {
	t.Helper()
	got, err := tr.Apply([]byte("before "), []byte(c.given["event"]), facts)
	if fails, ok := c.given["fails"]; ok {
		if err == nil || !strings.Contains(err.Error(), fails) || string(got) != "before " {
			t.Fatalf("got %s, %v; want the error %q", got, err, fails)
		}
		return
	}
	if want := "before " + c.given["want"]; err != nil || string(got) != want {
		t.Fatalf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range readCases(t, "refused.txt") {
		t.Run(c.name, func(t *testing.T) {
			var err error
			if pipe := c.text("pipe"); pipe != nil {
				_, err = NewPipe(*pipe)
			} else {
				spec := Spec{TargetID: "t1", Input: c.text("input"), InputPath: c.text("inputpath"), Template: c.text("template")}
				if c.hasVar {
					spec.PathsMap = c.paths
				}
				_, err = New(spec)
			}
			if err == nil || err.Error() != c.given["refused"] {
				t.Fatalf("got  %v\nwant %s", err, c.given["refused"])
			}
			if refused := (*Error)(nil); !errors.As(err, &refused) {
				t.Fatalf("the error is a %T", err)
			}
		})
	}
}

func TestTheLimitsAreThoseOfTheAPI(t *testing.T) {
	for _, c := range []struct {
		name string
		spec func(n int) Spec
		most int
	}{
		{"Input", func(n int) Spec { return Spec{Input: new(`"` + strings.Repeat("é", n-2) + `"`)} }, 8192},
		{"InputTemplate", func(n int) Spec { return Spec{Template: new(`"` + strings.Repeat("é", n-2) + `"`)} }, 8192},
		{"InputPath", func(n int) Spec { return Spec{InputPath: new("$." + strings.Repeat("a", n-2))} }, 256},
		{"InputPathsMap", func(n int) Spec {
			paths := map[string]string{}
			for i := range n {
				paths[fmt.Sprint("v", i)] = "$.detail"
			}
			return Spec{PathsMap: paths, Template: new(`"x"`)}
		}, 100},
	} {
		if _, err := New(c.spec(c.most)); err != nil {
			t.Errorf("%s of %d: %v", c.name, c.most, err)
		}
		if _, err := New(c.spec(c.most + 1)); err == nil {
			t.Errorf("%s of %d was taken", c.name, c.most+1)
		}
	}
}

func TestAnAWSPrefixInANameIsNoError(t *testing.T) {
	// PutTargets takes such names, although the API reference says otherwise
	// (measured, see testdata/rules.txt).
	if _, err := New(Spec{PathsMap: map[string]string{"AWSRegion": "$.region"}, Template: new(`"<AWSRegion>"`)}); err != nil {
		t.Fatal(err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	tr, err := New(Spec{PathsMap: map[string]string{"d": "$.d"}, Template: new(`{"a":[1` + strings.Repeat(",<d>", 1000) + `]}`)})
	if err != nil {
		t.Fatal(err)
	}
	event := []byte(`{"d":"` + strings.Repeat("x", 256<<10) + `"}`)
	got, err := tr.Apply(nil, event, Facts{})
	if !errors.Is(err, ErrTooLarge) || got != nil {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

func TestManyVariablesAreReadAtOnce(t *testing.T) {
	paths, want := map[string]string{}, map[string]any{}
	var template, event strings.Builder
	for i := range MaxPaths {
		paths[fmt.Sprint("v", i)] = fmt.Sprintf("$.detail.l[%d].m%d", i%7, i)
		fmt.Fprintf(&template, `,"k%d":<v%d>`, i, i)
		want[fmt.Sprint("k", i)] = float64(i)
	}
	for i := range 7 {
		if i > 0 {
			event.WriteString(",")
		}
		event.WriteString(`{"x":0`)
		for j := i; j < MaxPaths; j += 7 {
			fmt.Fprintf(&event, `,"m%d":%d`, j, j)
		}
		event.WriteString("}")
	}
	tr, err := New(Spec{PathsMap: paths, Template: new(`{"x":0` + template.String() + `}`)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := tr.Apply(nil, []byte(`{"detail":{"l":[`+event.String()+`]}}`), Facts{})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "x")
	if !maps.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
}

func TestApplyDoesNotAllocate(t *testing.T) {
	tr, event := sample(t)
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf, _ = tr.Apply(buf[:0], event, facts) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func sample(t testing.TB) (*Transformer, []byte) {
	tr, err := New(Spec{
		PathsMap: map[string]string{"order_id": "$.detail.order.id", "state": "$.detail.order.state", "lines": "$.detail.order.lines"},
		Template: new(`{"order_id" : "<order_id>", "state" : <state>, "rule": <aws.events.rule-name>, "lines": <lines>}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return tr, []byte(`{"version":"0","id":"7bf73129-1428-4cd3-a780-95db273d1602","detail-type":"order","source":"shop","account":"123456789012","time":"2015-11-11T21:29:54Z","region":"us-east-1","resources":[],"detail":{"customer":{"name":"` + strings.Repeat("n", 300) + `","tags":["a","b","c"]},"order":{"id":"o-1","state":"pending","lines":[{"sku":"x","n":2},{"sku":"y","n":1}]}}}`)
}

func BenchmarkApply(b *testing.B) {
	tr, event := sample(b)
	buf := make([]byte, 0, 4096)
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = tr.Apply(buf[:0], event, facts)
	}
}

// FuzzApply looks for templates and events that panic, and for an object
// template whose result is no JSON although the event is.
func FuzzApply(f *testing.F) {
	known := map[string]string{}
	for _, file := range []string{"rules.txt", "pipes.txt"} {
		for _, c := range readCases(f, file) {
			maps.Copy(known, c.paths)
			f.Add(c.given["template"], c.given["event"], "$.detail", "$.detail.payload[*].a")
		}
	}
	f.Fuzz(func(t *testing.T, template, event, a, b string) {
		paths := maps.Clone(known)
		paths["a"], paths["b"] = a, b
		if rule, err := New(Spec{PathsMap: paths, Template: &template}); err == nil {
			check(t, rule, event)
		}
		if pipe, err := NewPipe(template); err == nil {
			check(t, pipe, event)
		}
	})
}

func check(t *testing.T, tr *Transformer, event string) {
	out, err := tr.Apply(nil, []byte(event), facts)
	if err == nil && tr.template != nil && tr.template.object && json.Valid([]byte(event)) && !json.Valid(out) {
		t.Fatalf("%q made of %q", out, event)
	}
}

package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

const toys = `
model toys # of the test
package toys
optional PutToyResponse.Maybe
error Gone toys.Gone 410
unchecked Colour

PutToy
DropToy
!PutToyRequest.Photo pictures come later
`

func TestGolden(t *testing.T) {
	raw, err := os.ReadFile("testdata/model.json")
	if err != nil {
		t.Fatal(err)
	}
	l, err := parseList([]byte(toys))
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseModel(raw)
	if err != nil {
		t.Fatal(err)
	}
	got, err := emit(l, m)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/toys.go.golden"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the output differs from %s (go test -update writes it anew):\n%s", golden, got)
	}
}

func TestWhatALineMeans(t *testing.T) {
	for name, c := range map[string]struct{ text, err string }{
		"a list without a model":                    {"package x\n", "names no model"},
		"a word that is unknown":                    {"modell events\n", `line 1: unknown word "modell"`},
		"a word with too little":                    {"model events\nquery X\n", "line 2: query needs at least 2 words"},
		"two operations on a line":                  {"\nPutRule PutEvents\n", "line 2: \"PutRule PutEvents\": one operation a line"},
		"a refusal without a shape":                 {"!Member not yet\n", "want !Shape.Member"},
		"an error with a status that is no number":  {"error Gone Gone soon\n", "error Gone: status"},
		"a comment is no line":                      {"model a\npackage b\n# model c\n", ""},
		"a sign within a word is no comment's sign": {"model a#b\npackage b\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := parseList([]byte(c.text))
			switch {
			case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("got error %v, want %q", err, c.err)
			case name == "a sign within a word is no comment's sign" && l.model != "a#b":
				t.Errorf("the model is %q", l.model)
			}
		})
	}
}

func TestWhatTheModelDoesNotHave(t *testing.T) {
	raw, err := os.ReadFile("testdata/model.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseModel(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ line, err string }{
		"an operation":                       {"Dance", "Dance is no operation of toys"},
		"a refused member":                   {"PutToy\n!PutToyRequest.Smell", "!PutToyRequest.Smell: no implemented request has that member"},
		"a refused member of an answer":      {"PutToy\n!PutToyResponse.Left", "no implemented request has that member"},
		"an optional member":                 {"PutToy\noptional PutToyResponse.Smell", "no such member"},
		"a refused member out of reach":      {"ListToys\n!PutToyRequest.Photo", "no implemented request has that member"},
		"a shape that is not to be checked":  {"PutToy\nunchecked Smell", "Smell: no such shape"},
		"an optional member of an odd shape": {"PutToy\noptional Smell.Left", "no such member"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := parseList([]byte("model toys\npackage toys\n" + c.line))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := emit(l, m); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("got error %v, want %q", err, c.err)
			}
		})
	}
}

func TestCheckFindsWhatIsStale(t *testing.T) {
	models, folder := t.TempDir(), t.TempDir()
	raw, err := os.ReadFile("testdata/model.json")
	if err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(models, "toys.json"), string(raw))
	write(filepath.Join(folder, "operations.txt"), toys)
	if err := run(models, true, []string{folder}); err == nil || !strings.Contains(err.Error(), "stale") {
		t.Errorf("without an output: %v", err)
	}
	if err := run(models, false, []string{folder}); err != nil {
		t.Fatal(err)
	}
	if err := run(models, true, []string{folder}); err != nil {
		t.Errorf("a fresh output: %v", err)
	}
	write(filepath.Join(folder, "operations.txt"), toys+"ListToys\n")
	if err := run(models, true, []string{folder}); err == nil || !strings.Contains(err.Error(), "stale") {
		t.Errorf("with a changed list: %v", err)
	}
}

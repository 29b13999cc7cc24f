package trace

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
)

func TestHeadersNameATraceAndWhatIsUnderIt(t *testing.T) {
	for text, want := range map[string]Header{
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1":              {Root: "1-5759e988-bd862e3fe1be46a994272793", Parent: "53995c3f42cd8ad8", Sampled: "1"},
		"Root=1-5759e988-bd862e3fe1be46a994272793":                                                {Root: "1-5759e988-bd862e3fe1be46a994272793"},
		"Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a87bd80c:0|1:68fd508a:15":             {Root: "1-5759e988-bd862e3fe1be46a994272793", Lineage: "1:a87bd80c:0|1:68fd508a:15"},
		"Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=<1>":                                    {Root: "1-5759e988-bd862e3fe1be46a994272793"},
		"Self=1-67891234-12456789abcdef012345678; Root=1-67891233-abcdef012345678912345678;X=a=b": {Root: "1-67891233-abcdef012345678912345678"},
	} {
		if got, ok := Parse(text); !ok || got != want {
			t.Errorf("%q is %+v (%v), want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "Root=", "Parent=53995c3f42cd8ad8", "1-5759e988-bd862e3fe1be46a994272793", "Root=1-5759e988-\"x", "Root=1;Parent=a b", strings.Repeat("x", 2000) + ";Root=1"} {
		if got, ok := Parse(text); ok {
			t.Errorf("%q is %+v, want none", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
	f.Fuzz(func(t *testing.T, text string) {
		h, ok := Parse(text)
		if !ok {
			return
		}
		h.Sampled = "0"
		if again, ok := Parse(h.String()); !ok || again != h {
			t.Errorf("%q is %+v, and then %+v (%v)", text, h, again, ok)
		}
	})
}

func TestAnEventWithoutATraceHasOneOfItsOwn(t *testing.T) {
	at := time.Unix(0x65a1b2c3, 0)
	own := OfEvent("", "e-1", at)
	if own != OfEvent("no header", "e-1", at) || own.Parent != EventSpan("e-1") || !Begun(own.Root).Equal(at) {
		t.Errorf("its own is %+v", own)
	}
	if h := OfEvent("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", "e-1", at); h.Root != "1-5759e988-bd862e3fe1be46a994272793" || h.Parent != own.Parent || h.Sampled != "1" {
		t.Errorf("with a trace it is %+v", h)
	}
}

// open opens a journal on an engine of its own, whose clock stands.
func open(t *testing.T, o Options) (*Journal, *clock.Fake) {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	eng, err := local.Open(t.TempDir(), local.Options{Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	o.Clock = clk
	j := Open(eng.Logs(), o)
	t.Cleanup(func() {
		for range 2 {
			if err := j.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	})
	return j, clk
}

func find(t *testing.T, j *Journal, id string) (ids string) {
	t.Helper()
	spans, err := j.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		ids += s.ID
	}
	return ids
}

func TestATraceIsFoundByAnyIDInIt(t *testing.T) {
	j, clk := open(t, Options{})
	now := clk.Now()
	one, two := New(now).Root, New(now).Root
	j.Add(Span{Root: one, ID: "b", Parent: "a", Start: now.Add(time.Second), Request: "r-1"})
	j.Add(Span{Root: two, ID: "x", Start: now, Refers: []string{"e-2"}})
	j.Add(Span{Root: one, ID: "a", Start: now, Refers: []string{"e-1", "e-3"}})
	for _, id := range []string{one, "a", "r-1", "e-3"} {
		if got := find(t, j, id); got != "ab" {
			t.Errorf("by %s come %q, want a and b", id, got)
		}
	}
	for id, want := range map[string]string{two: "x", "e-2": "x", "e-4": "", "": "", New(now).Root: ""} {
		if got := find(t, j, id); got != want {
			t.Errorf("by %q come %q, want %q", id, got, want)
		}
	}
	var none *Journal
	none.Add(Span{Root: one})
	if got, err := none.Find(t.Context(), one); got != nil || err != nil {
		t.Errorf("no journal finds %v (%v)", got, err)
	}
}

func TestTracesAreForgottenByAgeAndSize(t *testing.T) {
	j, clk := open(t, Options{Retention: time.Hour, MaxBytes: 4000})
	old := New(clk.Now()).Root
	j.Add(Span{Root: old, ID: "old"})
	if find(t, j, old) != "old" {
		t.Fatal("it is not there at once")
	}
	clk.Advance(2 * time.Hour)
	if err := j.trim(t.Context(), clk.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := find(t, j, old); got != "" {
		t.Errorf("after two hours there is %q", got)
	}
	root := New(clk.Now()).Root
	for range 40 {
		j.Add(Span{Root: root, ID: "n", Name: strings.Repeat("x", 200)})
		find(t, j, root) // which writes
	}
	if err := j.trim(t.Context(), clk.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := len(find(t, j, root)); got < 5 || got > 16 {
		t.Errorf("of 40 spans of 300 bytes, %d are kept in 4,000", got)
	}
}

func TestWhatIsNotWrittenInTimeIsGivenUpAndCounted(t *testing.T) {
	j, _ := open(t, Options{})
	for range maxWaiting + 3 {
		j.Add(Span{Root: "1"})
	}
	if j.Lost() != 3 {
		t.Errorf("%d are lost, want 3", j.Lost())
	}
}

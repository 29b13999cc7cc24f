package events

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

func FuzzDetailIsAnObjectOrRefused(f *testing.F) {
	for _, s := range []string{
		`{}`, ` {"a": [1, "x y", {"b": null}]} `, `[]`, `"{}"`, `{`, `{}{}`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, `{"a":1e999}`, `null`, ``,
		strings.Repeat(`{"a":`, 1099) + `{}` + strings.Repeat(`}`, 1099), strings.Repeat(`{"a":`, 1100) + `{}` + strings.Repeat(`}`, 1100),
		`{"a":"` + strings.Repeat(`[`, 2000) + `"}`, `{"a":"\"` + strings.Repeat(`[`, 2000) + `"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compact, err := compactObject(text)
		if err != nil {
			return
		}
		object := func(text []byte) (m map[string]any, err error) {
			d := json.NewDecoder(bytes.NewReader(text))
			d.UseNumber()
			err = d.Decode(&m)
			return m, err
		}
		want, err := object([]byte(text))
		if err != nil || want == nil {
			t.Fatalf("%q was taken and is no JSON object", text)
		}
		if got, err := object(compact); err != nil || api.JSON(got) != api.JSON(want) {
			t.Fatalf("%q became %q", text, compact)
		}
		if wire.Deeper(text, maxDepth) {
			t.Fatalf("%q is too deep", text)
		}
	})
}

func TestNestingIsCountedAsAWSDoes(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"a":`, n-1) + `{}` + strings.Repeat(`}`, n-1) }
	if _, err := compactObject(nested(maxDepth)); err != nil {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	if _, err := compactObject(nested(maxDepth + 1)); err != errDepth {
		t.Errorf("%d levels: %v, want %v", maxDepth+1, err, errDepth)
	}
	if _, err := compactObject(`{"a":"` + strings.Repeat("[", 5000) + `"}`); err != nil {
		t.Errorf("brackets in a string: %v", err)
	}
}

func FuzzEntriesAreTakenWholeOrRefused(f *testing.F) {
	f.Add("shop", "order", `{"a":1}`, "res", int64(0))
	f.Add("", "order", `{"a":1}`, "", int64(-1))
	f.Add("aws.x", "order", `{`, "", int64(1)<<60)
	f.Fuzz(func(t *testing.T, source, kind, detail, resource string, at int64) {
		for _, text := range []string{source, kind, detail, resource} {
			if !utf8.ValidString(text) {
				return // refused before
			}
		}
		e := &api.PutEventsRequestEntry{Source: &source, DetailType: &kind, Detail: &detail, Resources: []string{resource}, Time: &wire.Time{Time: time.Unix(at%1e11, 0)}}
		if size := entrySize(e); size != len(source)+len(kind)+len(detail)+len(resource)+14 {
			t.Fatalf("size = %d", size)
		}
		got, err := checkEntry(e)
		bad := source == "" || kind == "" || detail == "" || strings.HasPrefix(source, "aws.")
		if bad && err == nil {
			t.Fatalf("%q %q %q was taken", source, kind, detail)
		}
		if err == nil && !json.Valid(got) || err != nil && err.Message == "" {
			t.Fatalf("%q gave %q, %v", detail, got, err)
		}
	})
}

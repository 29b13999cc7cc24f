package hub

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/signalbox/signalbox/engine"
)

func FuzzEntry(f *testing.F) {
	e := Event{Trace: "t", Only: []string{"a", "bc"}, Hops: 3}
	good := append(e.appendHeader(nil, noon, 7, 2), `{"id":"xy"}`...)
	f.Add(good)
	f.Add(good[:9])
	f.Add([]byte{1, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 127})
	f.Fuzz(func(t *testing.T, data []byte) {
		var got entry
		if got.read(engine.Entry{Data: data}) != nil {
			return
		}
		for _, rule := range got.rules() {
			if !got.meant(rule) {
				t.Errorf("not meant for %q, which it names", rule)
			}
		}
		if len(got.id) > 0 && !bytes.Contains(got.envelope, []byte(got.id)) {
			t.Error("its id is not in its envelope")
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add("id", "source\"", "type\\\n", "replay", "resource")
	f.Add("", "\xff", "\u2028", "", "")
	f.Fuzz(func(t *testing.T, id, source, detailType, replay, resource string) {
		e := Event{ID: id, Source: source, DetailType: detailType, ReplayName: replay, Resources: []string{resource}, Detail: []byte(`{}`)}
		var gen ids
		out, from, to, err := e.appendEnvelope(nil, &gen, noon)
		if err != nil {
			return
		}
		var got struct {
			ID         string   `json:"id"`
			Source     string   `json:"source"`
			DetailType string   `json:"detail-type"`
			Replay     string   `json:"replay-name"`
			Resources  []string `json:"resources"`
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if got.ID != string(out[from:to]) || id != "" && got.ID != id {
			t.Errorf("the id %q is told as %q", id, got.ID)
		}
		for _, x := range [][2]string{{source, got.Source}, {detailType, got.DetailType}, {replay, got.Replay}, {resource, got.Resources[0]}} {
			if want := strings.ToValidUTF8(x[0], "\uFFFD"); utf8.ValidString(x[0]) && x[1] != want {
				t.Errorf("%q is told as %q", x[0], x[1])
			}
		}
		// As it stands it can come whole again.
		again, _, _, err := (&Event{Envelope: out}).appendEnvelope(nil, &gen, noon)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%s comes again as %s, %v", out, again, err)
		}
	})
}

func FuzzFindID(f *testing.F) {
	f.Add([]byte(`{"version":"0","id":"a"}`))
	f.Add([]byte(`{"detail":{"id":"no"},"id":"yes"}`))
	f.Add([]byte(`{"id":"a\"b"}`))
	f.Fuzz(func(t *testing.T, envelope []byte) {
		from, to, ok := findID(envelope)
		if ok && (from < 0 || to <= from || to > len(envelope)) {
			t.Errorf("%q has its id from %d to %d", envelope, from, to)
		}
	})
}

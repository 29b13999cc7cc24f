package queue

import (
	"bytes"
	"testing"
	"testing/quick"
)

func TestAMessageIsReadAsItWasWritten(t *testing.T) {
	check := func(enqueued, due int64, delayed bool, group, dedup string, body []byte) bool {
		m := stored{enqueued, due, delayed, group, dedup, body}
		b := make([]byte, m.size())
		m.encode(b)
		got, err := decodeStored(b)
		return err == nil && got.enqueued == enqueued && got.due == due && got.delayed == delayed &&
			got.group == group && got.dedup == dedup && bytes.Equal(got.body, body)
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

func FuzzDecodeStored(f *testing.F) {
	m := stored{1, 2, true, "group", "dedup", []byte("body")}
	b := make([]byte, m.size())
	m.encode(b)
	f.Add(b)
	f.Add(b[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeStored(b)
		if err == nil && m.size() != len(b) {
			t.Errorf("%d bytes are read as %d", len(b), m.size())
		}
		if _, err := decodeState(b); err == nil && len(b) != 21 {
			t.Error("a state of another length is read")
		}
		if _, err := decodeGroup(b); err == nil && len(b) != 24 {
			t.Error("a group of another length is read")
		}
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add(makeToken(1, 1<<63))
	f.Add("1-")
	f.Add("-1-1")
	f.Add("+1-1")
	f.Fuzz(func(t *testing.T, s string) {
		if id, nonce, ok := parseToken(s); ok && makeToken(id, nonce) != s {
			t.Errorf("%q is another form of a token", s)
		}
	})
}

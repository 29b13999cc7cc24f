package sqs

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

func TestAnEnvelopeIsReadAsItWasWritten(t *testing.T) {
	for _, e := range []envelope{
		{},
		{body: "b", sender: "s", group: "g", dedup: "d", trace: "t", id: "i", source: "a", sent: time.UnixMilli(1234), uncounted: 300,
			attributes: []attribute{{"n", "String", false, "v"}, {"", "Binary.x", true, "\x00\xff"}}},
	} {
		got, err := decodeEnvelope(e.encode())
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%+v, %v; want %+v", got, err, e)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte{})
	f.Add((&envelope{body: "b", attributes: []attribute{{"n", "String", false, "v"}}}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEnvelope(b)
		if err != nil {
			return
		}
		again, err := decodeEnvelope(e.encode())
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%+v became %+v, %v", e, again, err)
		}
	})
}

func FuzzReceiptHandle(f *testing.F) {
	q := &queue{instance: "i"}
	good := q.handle(&engine.Leased{ID: 7, Token: "token"}, time.UnixMilli(99), time.UnixMilli(100))
	f.Add(good)
	f.Add("AQEB")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := q.parseHandle(&s)
		if err != nil {
			return
		}
		if again := q.handle(&engine.Leased{ID: h.id, Token: h.token}, h.received, h.until); s != again {
			t.Errorf("%q was read as %+v, which is %q", s, h, again)
		}
	})
	h, err := q.parseHandle(&good)
	if err != nil || h.id != 7 || h.token != "token" || h.received.UnixMilli() != 99 || h.until.UnixMilli() != 100 {
		f.Errorf("%+v, %v", h, err)
	}
	if _, err := (&queue{instance: "j"}).parseHandle(&good); err == nil {
		f.Error("another queue takes the handle")
	}
}

func FuzzQueueURL(f *testing.F) {
	for _, s := range []string{"q", "http://localhost:4566/000000000000/q", "http://sqs.us-east-1.x.y/000000000000/q", "queue/us-east-1/000000000000/q", "://", "///"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := addressOfURL(&wire.Request{Account: "000000000000", Region: "us-east-1"}, s)
		if err == nil && (a.name == "" || !isAccount(a.account) || bytes.ContainsRune([]byte(a.name), '/')) {
			t.Errorf("%q is %+v", s, a)
		}
	})
}

func FuzzRedrivePolicy(f *testing.F) {
	f.Add(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:q","maxReceiveCount":"3"}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, s string) {
		p, reason := parseRedrivePolicy(s)
		if (p == nil) == (reason == "") {
			t.Errorf("%q: %+v, %q", s, p, reason)
		}
		if p != nil && (p.max < 1 || p.max > 1000 || p.target.name == "" || !json.Valid([]byte(s))) {
			t.Errorf("%q: %+v", s, p)
		}
	})
}

func FuzzValidText(f *testing.F) {
	f.Add("a\x01")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		p := presentable(s, 100)
		if !validText(p) || len(p) > 100 {
			t.Errorf("%q is presented as %q", s, p)
		}
		if validText(s) && len(s) <= 100 && p != s {
			t.Errorf("%q was changed to %q", s, p)
		}
	})
}

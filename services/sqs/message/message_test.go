package message

import (
	"reflect"
	"testing"
	"time"
)

func TestAnEnvelopeIsReadAsItWasWritten(t *testing.T) {
	for _, e := range []Envelope{
		{},
		{Body: "b", Sender: "s", Group: "g", Dedup: "d", Trace: "t", ID: "i", Source: "a", Sent: time.UnixMilli(1234), Uncounted: 300,
			Attributes: []Attribute{{"n", "String", false, "v"}, {"", "Binary.x", true, "\x00\xff"}}},
	} {
		got, err := Decode(e.Encode())
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%+v, %v; want %+v", got, err, e)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte{})
	f.Add((&Envelope{Body: "b", Attributes: []Attribute{{"n", "String", false, "v"}}}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(e.Encode())
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%+v became %+v, %v", e, again, err)
		}
	})
}

func FuzzReceiptHandle(f *testing.F) {
	want := Handle{ID: 7, Token: "token", Received: time.UnixMilli(99), Until: time.UnixMilli(100)}
	good := want.Text("i")
	f.Add(good)
	f.Add("AQEB")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ReadHandle("i", &s)
		if err != nil {
			return
		}
		if again := h.Text("i"); s != again {
			t.Errorf("%q was read as %+v, which is %q", s, h, again)
		}
	})
	if h, err := ReadHandle("i", &good); err != nil || h != want {
		f.Errorf("%+v, %v", h, err)
	}
	if _, err := ReadHandle("j", &good); err == nil {
		f.Error("another queue takes the handle")
	}
}

func FuzzValidText(f *testing.F) {
	f.Add("a\x01")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		p := Presentable(s, 100)
		if !ValidText(p) || len(p) > 100 {
			t.Errorf("%q is presented as %q", s, p)
		}
		if ValidText(s) && len(s) <= 100 && p != s {
			t.Errorf("%q was changed to %q", s, p)
		}
	})
}

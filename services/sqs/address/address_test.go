package address

import (
	"strings"
	"testing"

	"github.com/signalbox/signalbox/wire"
)

func FuzzQueueURL(f *testing.F) {
	for _, s := range []string{"q", "http://localhost:4566/000000000000/q", "http://sqs.us-east-1.x.y/000000000000/q", "queue/us-east-1/000000000000/q", "://", "///"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := OfURL(&wire.Request{Account: "000000000000", Region: "us-east-1"}, s)
		if err == nil && (q.Name == "" || !IsAccount(q.Account) || strings.ContainsRune(q.Name, '/')) {
			t.Errorf("%q is %+v", s, q)
		}
	})
}

func TestAnAddressIsReadFromAllFormsItIsWrittenIn(t *testing.T) {
	want := Queue{"eu-west-1", "111122223333", "orders.fifo"}
	if got, ok := OfARN(want.ARN()); !ok || got != want {
		t.Errorf("%s is %+v", want.ARN(), got)
	}
	if got, ok := OfKey(want.Key()); !ok || got != want {
		t.Errorf("%s is %+v", want.Key(), got)
	}
	r := &wire.Request{Account: "000000000000", Region: "eu-west-1", Scheme: "https", Host: "here:1"}
	if got, err := OfURL(r, want.URL(r)); err != nil || got != want {
		t.Errorf("%s is %+v, %v", want.URL(r), got, err)
	}
}

func TestWhatIsNoQueueIsNotRead(t *testing.T) {
	for _, s := range []string{"", "q", "arn:aws:sns:us-east-1:000000000000:t", "arn:aws:sqs:us-east-1:1:q", "arn:aws:sqs::000000000000:q", "arn:aws:sqs:us-east-1:000000000000:a b"} {
		if q, ok := OfARN(s); ok {
			t.Errorf("%q is %+v", s, q)
		}
	}
	if _, err := OfURL(&wire.Request{}, "http://localhost:4566/a/b/c"); !wire.IsCode(err, codeInvalid) {
		t.Error(err)
	}
}

package access_test

import (
	"context"
	"testing"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/wire"
)

// known is one role with one policy.
type known struct{ source policy.Source }

func (k known) Caller(arn string) access.Caller {
	return access.Caller{Principal: policy.User(arn), Known: true, Identity: []policy.Source{k.source}, Context: map[string][]string{"aws:userid": {"x"}}}
}

func (known) Trust(string) (string, bool) { return "", false }

// What deciding adds to a call of PutEvents, by root and by a role.
func BenchmarkCall(b *testing.B) {
	d, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["events:PutEvents","sqs:*"],"Resource":"arn:aws:events:*:*:event-bus/*"}]}`), policy.Identity)
	if err != nil {
		b.Fatal(err)
	}
	guard := access.New(access.Config{Mode: access.Enforce, Identities: known{policy.Source{Name: "own", Document: d}},
		Needs: map[string]func(any, *wire.Request) []wire.Permission{"events": events.Needs}})
	in := &events.PutEventsInput{Entries: make([]events.PutEventsRequestEntry, 10)}
	for i := range in.Entries {
		in.Entries[i] = events.PutEventsRequestEntry{Source: new("shop"), DetailType: new("order"), Detail: new("{}")}
	}
	for name, principal := range map[string]string{"root": "arn:aws:iam::" + account + ":root", "role": "arn:aws:sts::" + account + ":assumed-role/shop/s"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := wire.NewContext(context.Background(), &wire.Request{Account: account, Region: "us-east-1", Principal: principal, Service: "events", Operation: "PutEvents"})
			for b.Loop() {
				if err := guard.Call(ctx, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

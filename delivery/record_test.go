package delivery

import (
	"reflect"
	"testing"
	"time"
)

func fullItem() *item {
	return &item{
		event: Event{
			ID: "b7a4", Position: 1 << 40, Ingested: time.Unix(1790000000, 123456789),
			Data: []byte(`{"detail":{"x":"\u0000é"}}`), Group: "g\xff", Trace: "Root=1-2-3",
		},
		attempts: 7, bury: true, exhausted: exhaustedAge,
		due: time.Unix(1790000099, 1), writer: 1<<64 - 1,
		last: Attempt{Number: 7, Start: time.Unix(1790000007, 5), Duration: 5 * time.Second, Result: Result{
			Kind: Throttled, Code: "THROTTLING", Message: "slow down", Status: 429,
		}},
	}
}

func TestRecordHoldsAllThatARetryNeeds(t *testing.T) {
	for name, want := range map[string]*item{"a full one": fullItem(), "an empty one": {event: Event{Data: []byte{}}}} {
		t.Run(name, func(t *testing.T) {
			body := appendRecord(nil, want)
			got, err := parseRecord(body)
			if err != nil {
				t.Fatal(err)
			}
			if got.size != len(body) {
				t.Errorf("its size is %d, not %d", got.size, len(body))
			}
			got.size = 0
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestRecordThatIsCutOrLongerIsRefused(t *testing.T) {
	body := appendRecord(nil, fullItem())
	for n := range body {
		if _, err := parseRecord(body[:n]); err == nil {
			t.Errorf("the first %d bytes pass for a record", n)
		}
	}
	if _, err := parseRecord(append(body, 0)); err == nil {
		t.Error("one byte more passes for a record")
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(appendRecord(nil, fullItem()))
	f.Add(appendRecord(nil, new(item)))
	f.Fuzz(func(t *testing.T, body []byte) {
		it, err := parseRecord(body)
		if err != nil {
			return
		}
		again, err := parseRecord(appendRecord(nil, it))
		if err != nil {
			t.Fatal(err)
		}
		again.size = it.size
		if !reflect.DeepEqual(it, again) {
			t.Errorf("got  %+v\nthen %+v", it, again)
		}
	})
}

package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/wire"
	"github.com/signalbox/signalbox/wire/internal/testapi/events"
)

// discard is a ResponseWriter that keeps nothing.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkPutEvents is decode, validate, call and encode of PutEvents, without
// the network; the budget is 10 µs for one entry.
func BenchmarkPutEvents(b *testing.B) {
	const entry = `{"Time":1795262400.25,"Source":"com.example.shop","Resources":["arn:aws:x:y:z:1"],"DetailType":"OrderPlaced","Detail":"{\"order_id\":\"o-4711\",\"state\":\"placed\",\"items\":[{\"sku\":\"a-1\",\"count\":2}],\"customer\":{\"id\":\"c-99\",\"country\":\"DE\"}}","EventBusName":"orders"}`
	api := &fakeEvents{putEvents: func(_ context.Context, in *events.PutEventsInput) (*events.PutEventsOutput, error) {
		out := &events.PutEventsOutput{Entries: make([]events.PutEventsResultEntry, len(in.Entries))}
		for i := range out.Entries {
			out.Entries[i].EventId = new("6a7e8feb-b491-4cf7-a9f1-bf3703467718")
		}
		return out, nil
	}}
	s := events.NewService(api)
	for name, n := range map[string]int{"one entry": 1, "ten entries": 10} {
		body := []byte(`{"Entries":[` + strings.Repeat(entry+",", n-1) + entry + `]}`)
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("POST", "/", nil)
			r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			w := discard{http.Header{}}
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				s.Serve(w, r, body, &wire.Request{RequestID: "r"})
			}
		})
	}
}

package wire_test

import (
	"context"
	"math"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/signalbox/signalbox/wire"
	"github.com/signalbox/signalbox/wire/internal/testapi/eventbridgev2"
	"github.com/signalbox/signalbox/wire/internal/testapi/events"
	"github.com/signalbox/signalbox/wire/internal/testapi/pipes"
	"github.com/signalbox/signalbox/wire/internal/testapi/route53"
	"github.com/signalbox/signalbox/wire/internal/testapi/sqs"
)

// Whatever is sent, the answer is a success that the operation gave or an error
// with a code of the client's fault; nothing panics.

func clientsFault(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code >= 500 && w.Code != 501 || w.Code < 200 {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"Rule":"r","Targets":[{"Id":"1","Arn":"a","InputTransformer":{"InputPathsMap":{"a":"$.b"},"InputTemplate":"<a>"},"RetryPolicy":{"MaximumRetryAttempts":3}}]}`))
	f.Add([]byte(`{"Rule":"\ud83d\ude00","Targets":[{"SqsParameters":{"MessageGroupId":null}}],"X":null}`))
	f.Add([]byte(strings.Repeat("[", 1000)))
	f.Add([]byte(`{"Targets":{"a":1}`))
	var got *events.PutTargetsInput
	s := events.NewService(&fakeEvents{targets: func(_ context.Context, in *events.PutTargetsInput) (*events.PutTargetsOutput, error) {
		got = in
		return nil, nil
	}})
	f.Fuzz(func(t *testing.T, body []byte) {
		got = nil
		w := ask(s, "POST", "/", string(body), "X-Amz-Target", "AWSEvents.PutTargets")
		clientsFault(t, w)
		if !jsontext.Value(w.Body.Bytes()).IsValid() {
			t.Errorf("the answer is no JSON: %q", w.Body)
		}
		if got == nil {
			return
		}
		if !jsontext.Value(body).IsValid() {
			t.Errorf("%q was accepted, which is no JSON", body)
		}
		if *got.Rule == "" || len(got.Targets) == 0 || len(got.Targets) > 100 {
			t.Errorf("an invalid input came through: %+v", got)
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add(uint8(0), "QueueUrl=q&MessageBody=x&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=String")
	f.Add(uint8(1), "QueueUrl=q&SendMessageBatchRequestEntry.2.Id=a&SendMessageBatchRequestEntry.1.Id=")
	f.Add(uint8(2), "QueueName=q&Tag.0.Key=&Tag.0.Value=&Attribute.99999999999.Name=a")
	f.Add(uint8(3), "a.b.c=1&a.b=2&.=3&=&&%=&Action=SendMessage")
	fake := &fakeSQS{}
	fake.send = func(context.Context, *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) { return nil, nil }
	fake.batch = func(context.Context, *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
		return nil, nil
	}
	fake.create = func(context.Context, *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) { return nil, nil }
	s := sqs.NewService(fake)
	actions := []string{"SendMessage", "SendMessageBatch", "CreateQueue", "Dance"}
	f.Fuzz(func(t *testing.T, action uint8, form string) {
		form = "Action=" + actions[int(action)%len(actions)] + "&" + form
		clientsFault(t, ask(s, "POST", "/", form, "Content-Type", "application/x-www-form-urlencoded"))
	})
}

func FuzzREST(f *testing.F) {
	f.Add("POST", "/tags/arn:aws:pipes:eu-west-1:000000000000:pipe%2Fp", `{"tags":{"a":"b"}}`)
	f.Add("DELETE", "/tags/arn:aws:x::?tagKeys=a&tagKeys=", "")
	f.Add("GET", "/v1/pipes?Limit=1e9&NamePrefix=%00", "")
	f.Add("GET", "/v1/pipes/p//", "")
	s := pipes.NewService(&allPipes{})
	f.Fuzz(func(t *testing.T, method, path, body string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(path, "/") || strings.ContainsAny(method, " \r\n\t") || method == "" {
			t.Skip()
		}
		r := httptest.NewRequest("POST", "/", nil)
		r.Method, r.URL = method, u
		w := httptest.NewRecorder()
		s.Serve(w, r, []byte(body), &wire.Request{RequestID: "r"})
		clientsFault(t, w)
	})
}

type allPipes struct{ fakePipes }

func (*allPipes) StartPipe(context.Context, *pipes.StartPipeInput) (*pipes.StartPipeOutput, error) {
	return nil, nil
}

func FuzzXML(f *testing.F) {
	f.Add(`<r><AddTags><Tag><Key>a</Key><Value>c</Value></Tag></AddTags><RemoveTagKeys><Key>d</Key></RemoveTagKeys></r>`)
	f.Add(`<!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>`)
	f.Add(strings.Repeat("<a>", 1000))
	s := route53.NewService(&fakeRoute53{})
	f.Fuzz(func(t *testing.T, body string) {
		clientsFault(t, ask(s, "POST", "/2013-04-01/tags/hostedzone/Z1", body))
	})
}

func FuzzCBOR(f *testing.F) {
	for _, v := range []any{
		map[string]any{"EventBusArn": "a", "Entries": []any{map[string]any{"Source": "s", "Time": 1.5, "Resources": []string{"x"}}}},
		map[string]any{"Entries": nil}, []any{}, map[int]any{1: 2}, cbor.Tag{Number: 99, Content: 1},
	} {
		b, err := cbor.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(strings.Repeat("\x81", 1000)))
	s := eventbridgev2.NewService(&fakeV2{})
	f.Fuzz(func(t *testing.T, body []byte) {
		w := ask(s, "POST", "/service/AWSEventsV2/operation/PutEvents", string(body), "Smithy-Protocol", "rpc-v2-cbor")
		clientsFault(t, w)
		if err := cbor.Wellformed(w.Body.Bytes()); err != nil {
			t.Errorf("the answer is no CBOR: %v", err)
		}
	})
}

// FuzzRoundTrip checks that texts, numbers and times come out of the JSON
// encoder as they went in.
func FuzzRoundTrip(f *testing.F) {
	f.Add("a\"\\\u2028<", int32(-1), int64(1<<62), int64(1795262400250))
	f.Add("\x00\x7f☕", int32(0), int64(0), int64(-62135596800000))
	f.Add("", int32(7), int64(-1), int64(-1))
	f.Fuzz(func(t *testing.T, text string, n int32, count, ms int64) {
		if ms < -62135596800000 || ms > 253402300799000 || !utf8.ValidString(text) {
			t.Skip()
		}
		s := events.NewService(&fakeEvents{archive: func(context.Context, *events.DescribeArchiveInput) (*events.DescribeArchiveOutput, error) {
			return &events.DescribeArchiveOutput{
				Description: &text, RetentionDays: &n, EventCount: count, CreationTime: new(wire.At(time.UnixMilli(ms))),
			}, nil
		}})
		w := ask(s, "POST", "/", `{"ArchiveName":"a"}`, "X-Amz-Target", "AWSEvents.DescribeArchive")
		var got struct {
			Description   string
			RetentionDays int32
			EventCount    int64
			CreationTime  float64
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		if got.Description != text || got.RetentionDays != n || got.EventCount != count || int64(math.Round(got.CreationTime*1000)) != ms {
			t.Errorf("sent %q %d %d %d, got %+v", text, n, count, ms, got)
		}
	})
}

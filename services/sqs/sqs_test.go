package sqs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/signalboxtest/sdkclient"
	"github.com/signalbox/signalbox/wire"
)

const (
	region  = "eu-west-1"
	account = "111122223333"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// bench is a service over the real engine in memory, reached through the real
// SDK, with a clock to turn.
type bench struct {
	*awssqs.Client
	t       testing.TB
	fs      *vfs.MemFS
	clock   *clock.Fake
	engine  engine.Engine
	service *sqs.Service
	server  *httptest.Server
}

func start(t testing.TB, opts sqs.Options) *bench {
	t.Helper()
	b := &bench{t: t, fs: vfs.NewMem(), clock: clock.NewFake(noon)}
	b.open(opts)
	t.Cleanup(b.stop)
	return b
}

func openEngine(t testing.TB, fs vfs.FS, c clock.Clock) engine.Engine {
	t.Helper()
	e, err := local.Open("data", local.Options{Clock: c, FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (b *bench) open(opts sqs.Options) {
	b.t.Helper()
	b.engine = openEngine(b.t, b.fs, b.clock)
	var err error
	if b.service, err = sqs.New(b.engine, b.clock, opts); err != nil {
		b.t.Fatal(err)
	}
	b.server = httptest.NewServer(handler(b.service))
	b.Client = b.client(region, account)
}

// handler serves the wire; the access key is the account.
func handler(s *sqs.Service) http.Handler {
	w := sqs.NewService(s)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		req := &wire.Request{Account: account, Region: region, Scheme: "http", Host: r.Host, RequestID: "r", Time: noon}
		if _, scope, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
			p := strings.Split(scope, "/")
			req.Account, req.Region = p[0], p[2]
		}
		w.Serve(rw, r, body, req)
	})
}

func (b *bench) client(region, account string) *awssqs.Client {
	return awssqs.New(awssqs.Options{
		Region: region, BaseEndpoint: aws.String(b.server.URL), RetryMaxAttempts: 1, HTTPClient: sdkclient.New(),
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
	})
}

func (b *bench) stop() {
	if err := b.service.Close(context.Background()); err != nil {
		b.t.Error(err)
	}
	b.server.Close()
	if err := b.engine.Close(); err != nil {
		b.t.Error(err)
	}
}

// restart closes all and opens it again on the same disk.
func (b *bench) restart() {
	b.t.Helper()
	b.stop()
	b.open(sqs.Options{})
}

// queue creates a queue and returns its URL. Attributes are name, value, ….
func (b *bench) queue(name string, attributes ...string) string {
	b.t.Helper()
	out, err := b.CreateQueue(b.t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: pairs(attributes)})
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.QueueUrl
}

func pairs(list []string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

func arnOf(name string) string { return "arn:aws:sqs:" + region + ":" + account + ":" + name }

func (b *bench) send(url, body string) *awssqs.SendMessageOutput {
	b.t.Helper()
	out, err := b.SendMessage(b.t.Context(), &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) sendTo(url, group, dedup, body string) *awssqs.SendMessageOutput {
	b.t.Helper()
	in := &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: &body, MessageGroupId: &group}
	if dedup != "" {
		in.MessageDeduplicationId = &dedup
	}
	out, err := b.SendMessage(b.t.Context(), in)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) receive(url string, max int32) []types.Message {
	b.t.Helper()
	out, err := b.ReceiveMessage(b.t.Context(), &awssqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: max, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Messages
}

func (b *bench) delete(url string, m types.Message) {
	b.t.Helper()
	if _, err := b.DeleteMessage(b.t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) attributes(url string, names ...types.QueueAttributeName) map[string]string {
	b.t.Helper()
	if names == nil {
		names = []types.QueueAttributeName{"All"}
	}
	out, err := b.GetQueueAttributes(b.t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Attributes
}

// counts are the messages visible, in flight and delayed.
func (b *bench) counts(url string) [3]string {
	b.t.Helper()
	a := b.attributes(url)
	return [3]string{a["ApproximateNumberOfMessages"], a["ApproximateNumberOfMessagesNotVisible"], a["ApproximateNumberOfMessagesDelayed"]}
}

func bodies(messages []types.Message) string {
	var list []string
	for _, m := range messages {
		list = append(list, *m.Body)
	}
	return strings.Join(list, " ")
}

// wantError checks an error's code and a part of its text.
func wantError(t testing.TB, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("error %s: %s\nwant  %s: …%s…", e.ErrorCode(), e.ErrorMessage(), code, text)
	}
}

func (b *bench) engineQueue(name string) string { return b.service.EngineQueue(arnOf(name)) }

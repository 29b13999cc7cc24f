package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/wire"
)

// seen keeps what the operations of the test's services were told.
type seen struct {
	mu    sync.Mutex // guards calls
	calls []wire.Request
	input string // of the last call, where the operation has one
}

func (s *seen) note(ctx context.Context, input string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.input = append(s.calls, *wire.FromContext(ctx)), input
}

// last is the last call, and forgets all.
func (s *seen) last() (c wire.Request, input string, called bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) > 0 {
		c, input, called = s.calls[len(s.calls)-1], s.input, true
	}
	s.calls = nil
	return c, input, called
}

type empty struct{}

type sendInput struct {
	QueueUrl    *string `wire:"QueueUrl,required" query:"QueueUrl"`
	MessageBody *string `wire:"MessageBody" query:"MessageBody"`
}

type sendOutput struct {
	MessageId *string `wire:"MessageId" query:"MessageId"`
}

type identity struct {
	Account *string `wire:"Account" query:"Account"`
	Arn     *string `wire:"Arn" query:"Arn"`
}

type eventsOutput struct {
	FailedEntryCount int32    `wire:"FailedEntryCount"`
	Entries          []string `wire:"Entries"`
}

type eventsInput struct {
	Entries []string `wire:"Entries"`
}

// services are small ones that speak as the real ones do, and note who calls.
func services(s *seen) []*wire.Service {
	note := func(ctx context.Context, _ *empty) (*empty, error) { s.note(ctx, ""); return nil, nil }
	model := func(name, target, version string, protocols ...wire.Protocol) wire.Model {
		return wire.Model{Name: name, ID: name, SigningNames: []string{name}, TargetPrefix: target, APIVersion: version, JSONVersion: "1.1", Protocols: protocols}
	}
	events := model("events", "AWSEvents", "2015-10-07", wire.JSON, wire.CBOR)
	events.Operations = []wire.Operation{
		wire.Op("PutEvents", wire.Route{}, func(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
			s.note(ctx, "")
			return &eventsOutput{}, nil
		}),
		wire.Op("DescribeRule", wire.Route{}, func(context.Context, *empty) (*empty, error) { panic("a bug") }),
		wire.Op("ListRules", wire.Route{}, func(context.Context, *empty) (*empty, error) { return nil, errors.New("the disk is on fire") }),
	}
	sqs := model("sqs", "AmazonSQS", "2012-11-05", wire.JSON, wire.Query)
	sqs.QueryCompatible = true
	sqs.Operations = []wire.Operation{
		wire.Op("SendMessage", wire.Route{}, func(ctx context.Context, in *sendInput) (*sendOutput, error) {
			s.note(ctx, *in.QueueUrl)
			return &sendOutput{MessageId: new("m-1")}, nil
		}),
		wire.Op("ListQueues", wire.Route{}, note),
	}
	sts := model("sts", "", "2011-06-15", wire.Query)
	sts.XMLNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	sts.Operations = []wire.Operation{
		wire.Op("GetCallerIdentity", wire.Route{}, func(ctx context.Context, _ *empty) (*identity, error) {
			s.note(ctx, "")
			r := wire.FromContext(ctx)
			return &identity{&r.Account, &r.Principal}, nil
		}),
		wire.Op("AssumeRoleWithWebIdentity", wire.Route{}, note),
	}
	lambda := model("lambda", "", "2015-03-31", wire.RestJSON)
	lambda.Operations = []wire.Operation{wire.Op("ListFunctions", wire.Route{Method: "GET", URI: "/2015-03-31/functions/"}, note)}
	dynamodb := model("dynamodb", "DynamoDB_20120810", "2012-08-10", wire.JSON)
	dynamodb.Operations = []wire.Operation{wire.Op("ListTables", wire.Route{}, note), wire.Op("TagResource", wire.Route{}, note)}
	streams := model("dynamodbstreams", "DynamoDBStreams_20120810", "2012-08-10", wire.JSON)
	streams.SigningNames = []string{"dynamodb"}
	streams.Operations = []wire.Operation{wire.Op("ListStreams", wire.Route{}, note), wire.Op("TagResource", wire.Route{}, note)}
	s3 := model("s3", "", "2006-03-01", wire.RestXML)
	s3.Operations = []wire.Operation{wire.Op("ListBuckets", wire.Route{Method: "GET", URI: "/"}, note)}
	var all []*wire.Service
	for _, m := range []wire.Model{events, sqs, sts, lambda, dynamodb, streams, s3} {
		all = append(all, wire.NewService(m))
	}
	return all
}

// door is an open front door with what is behind it.
type door struct {
	*Gateway
	*seen
	clock *clock.Fake
	keys  *Keyring
	url   string
	log   *strings.Builder
}

var testRoot = RootKey{AccessKeyID: "AKIAROOTROOTROOTROOT", Secret: "the secret of the root user", Account: "111122223333"}

// open opens a front door and a server before it. Its clock stands at the
// present, for the SDKs sign by the machine's.
func open(t testing.TB, change func(*Config)) *door {
	t.Helper()
	box, err := seal.NewBox(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := NewKeyring(testRoot, box)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{seen: &seen{}, clock: clock.NewFake(time.Now()), keys: keys, log: &strings.Builder{}}
	c := Config{Clock: d.clock, Services: services(d.seen), Keys: keys, Version: "1.2.3", Logger: slog.New(slog.NewTextHandler(&syncWriter{w: d.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&c)
	}
	if d.Gateway, err = New(c); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(d.Gateway)
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}

func (d *door) sdk(keyID, secret, token string) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(d.url), Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, token),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, HTTPClient: http.DefaultClient,
	}
}

// ask sends a request straight into the gateway, from this machine unless it
// says otherwise.
func (d *door) ask(r *http.Request) *httptest.ResponseRecorder {
	if strings.HasPrefix(r.RemoteAddr, "192.0.2.") {
		r.RemoteAddr = "127.0.0.1:50000"
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

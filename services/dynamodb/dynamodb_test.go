package dynamodb_test

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
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/items"
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
	*sdk.Client
	t       testing.TB
	fs      *vfs.MemFS
	clock   *clock.Fake
	engine  *local.Engine
	service *dynamodb.Service
	server  *httptest.Server
	options dynamodb.Options
}

func start(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, fs: vfs.NewMem(), clock: clock.NewFake(noon)}
	b.open()
	t.Cleanup(b.stop)
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	if b.engine, err = local.Open("data", local.Options{Clock: b.clock, FS: b.fs}); err != nil {
		b.t.Fatal(err)
	}
	if b.service, err = dynamodb.New(context.Background(), b.engine, b.clock, b.options); err != nil {
		b.t.Fatal(err)
	}
	b.server = httptest.NewServer(handler(dynamodb.NewService(items.New(b.service))))
	b.Client = sdk.New(sdk.Options{
		Region: region, BaseEndpoint: aws.String(b.server.URL), RetryMaxAttempts: 1, HTTPClient: sdkclient.New(),
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
	})
}

// handler serves the wire; the access key is the account.
func handler(w *wire.Service) http.Handler {
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
	b.open()
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

type order struct {
	PK     string `dynamodbav:"PK"`
	SK     int    `dynamodbav:"SK"`
	Status string `dynamodbav:"Status,omitempty"`
	Cents  int    `dynamodbav:"Cents,omitempty"`
}

func marshal(t testing.TB, v any) map[string]types.AttributeValue {
	t.Helper()
	m, err := attributevalue.MarshalMap(v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func key(pk string, sk int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberN{Value: itoa(sk)},
	}
}

// orders is a table with a partition key, a sort key, and an index of each kind.
func ordersTable(name string) *sdk.CreateTableInput {
	hash, rng := types.KeyTypeHash, types.KeyTypeRange
	return &sdk.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: new("PK"), AttributeType: "S"}, {AttributeName: new("SK"), AttributeType: "N"},
			{AttributeName: new("Status"), AttributeType: "S"}, {AttributeName: new("Cents"), AttributeType: "N"},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: new("PK"), KeyType: hash}, {AttributeName: new("SK"), KeyType: rng}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: new("ByStatus"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
			KeySchema: []types.KeySchemaElement{{AttributeName: new("Status"), KeyType: hash}, {AttributeName: new("Cents"), KeyType: rng}},
		}},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: new("ByCents"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			KeySchema: []types.KeySchemaElement{{AttributeName: new("PK"), KeyType: hash}, {AttributeName: new("Cents"), KeyType: rng}},
		}},
	}
}

func (b *bench) create(in *sdk.CreateTableInput) *types.TableDescription {
	b.t.Helper()
	out, err := b.CreateTable(b.t.Context(), in)
	if err != nil {
		b.t.Fatal(err)
	}
	return out.TableDescription
}

func (b *bench) put(table string, v any) {
	b.t.Helper()
	if _, err := b.PutItem(b.t.Context(), &sdk.PutItemInput{TableName: &table, Item: marshal(b.t, v)}); err != nil {
		b.t.Fatal(err)
	}
}

package access_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest"
)

const (
	account = "000000000000"
	queue   = "arn:aws:sqs:us-east-1:" + account + ":orders"
	bus     = "arn:aws:events:us-east-1:" + account + ":event-bus/default"
)

// world is a Signalbox whose root is the test.
type world struct {
	*signalboxtest.Box
	t      testing.TB
	ctx    context.Context
	iam    *iam.Client
	events *eventbridge.Client
	queues *sqs.Client
	sts    *sts.Client
}

func newWorld(t testing.TB, mode access.Mode, logs *strings.Builder) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), Box: signalboxtest.Start(t, signalboxtest.With(func(c *server.Config) {
		c.IAM = &mode
		if logs != nil {
			c.Logger = slog.New(slog.NewTextHandler(logs, nil))
		}
	}))}
	c := w.Config()
	w.iam, w.events, w.queues, w.sts = iam.NewFromConfig(c), eventbridge.NewFromConfig(c), sqs.NewFromConfig(c), sts.NewFromConfig(c)
	must(w.queues.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders")}))(t)
	return w
}

func must[T any](out T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// as is the configuration of clients with other credentials.
func (w *world) as(id, secret, token string) aws.Config {
	c := w.Config()
	c.Credentials = credentials.NewStaticCredentialsProvider(id, secret, token)
	return c
}

// user makes a user with a policy of the statements, and its clients' configuration.
func (w *world) user(name, statements string) aws.Config {
	w.t.Helper()
	must(w.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name}))(w.t)
	if statements != "" {
		must(w.iam.PutUserPolicy(w.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("own"), PolicyDocument: document(statements)}))(w.t)
	}
	key := must(w.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: &name}))(w.t).AccessKey
	return w.as(*key.AccessKeyId, *key.SecretAccessKey, "")
}

func (w *world) role(name, principal, statements string) {
	w.t.Helper()
	must(w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: document(`{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}`),
	}))(w.t)
	if statements != "" {
		must(w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("own"), PolicyDocument: document(statements)}))(w.t)
	}
}

func document(statements string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
}

func put(c aws.Config) error {
	out, err := eventbridge.NewFromConfig(c).PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("order"), Detail: aws.String("{}")},
	}})
	if err == nil && out.FailedEntryCount > 0 {
		return errors.New(*out.Entries[0].ErrorMessage)
	}
	return err
}

func (w *world) send(c aws.Config) error {
	url := w.URL() + "/" + account + "/orders"
	_, err := sqs.NewFromConfig(c).SendMessage(w.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
	return err
}

// wantDenied fails the test unless err refuses with the code, in a message that
// holds the phrase.
func wantDenied(t testing.TB, err error, code, phrase string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), phrase) {
		t.Errorf("error = %v, want %s with %q", err, code, phrase)
	}
}

package iam_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

const (
	trust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allow  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a+b/*"}]}`
	prefix = "arn:aws:iam::000000000000:"
)

type world struct {
	*signalboxtest.Box
	t   testing.TB
	ctx context.Context
	now *clock.Fake
	iam *iam.Client
}

func newWorld(t testing.TB) *world {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	w := &world{t: t, ctx: t.Context(), now: now, Box: signalboxtest.Start(t, signalboxtest.WithClock(now))}
	w.iam = w.client(w.Config())
	return w
}

func (w *world) client(c aws.Config) *iam.Client {
	c.RetryMaxAttempts = 1
	return iam.NewFromConfig(c)
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

func (w *world) role(name string) string {
	w.t.Helper()
	return *must(w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)}))(w.t).Role.Arn
}

func (w *world) user(name string) {
	w.t.Helper()
	must(w.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name}))(w.t)
}

func (w *world) policy(name string) string {
	w.t.Helper()
	return *must(w.iam.CreatePolicy(w.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(allow)}))(w.t).Policy.Arn
}

// wantError fails the test unless err is the API error of that code and status,
// with a message that begins so.
func wantError(t testing.TB, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if api.ErrorCode() != code || response.HTTPStatusCode() != status || !strings.HasPrefix(api.ErrorMessage(), message) {
		t.Errorf("got  %d %s: %s\nwant %d %s: %s", response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code, message)
	}
}

func decoded(t testing.TB, document *string) string {
	t.Helper()
	return must(url.PathUnescape(*document))(t)
}

package sts_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/sts"
	"github.com/signalbox/signalbox/signalboxtest/sdkclient"
	"github.com/signalbox/signalbox/wire"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// register remembers what it issued.
type register struct {
	account, principal string
	expires            time.Time
	session            *wire.Session
	err                error
}

func (r *register) IssueSession(account, principal string, expires time.Time, session *wire.Session) (string, string, string, error) {
	r.account, r.principal, r.expires, r.session = account, principal, expires, session
	return "ASIA0000000000000001", "secret", "token", r.err
}

// client is a real SDK client of the service, called by principal.
func client(t *testing.T, service *sts.Service, principal *string) *awssts.Client {
	t.Helper()
	table := sts.NewService(service)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		table.Serve(w, r, body, &wire.Request{Account: "111122223333", Principal: *principal, AccessKeyID: "AKIA0000000000000009", RequestID: "r"})
	}))
	t.Cleanup(server.Close)
	return awssts.New(awssts.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1, HTTPClient: sdkclient.New(),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

func TestCallerIdentity(t *testing.T) {
	for name, c := range map[string]struct{ principal, arn, id string }{
		"no principal is the account itself":    {"", "arn:aws:iam::111122223333:root", "111122223333"},
		"a user has a unique id":                {"arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/ann", "AIDA"},
		"a session has its role's id and name":  {"arn:aws:sts::111122223333:assumed-role/ops/s1", "arn:aws:sts::111122223333:assumed-role/ops/s1", "AROA"},
		"the account's root is the account too": {"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root", "111122223333"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := client(t, sts.New(clock.NewFake(now), &register{}), &c.principal).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
			if err != nil {
				t.Fatal(err)
			}
			if *out.Account != "111122223333" || *out.Arn != c.arn || !strings.HasPrefix(*out.UserId, c.id) {
				t.Errorf("got %s, %s, %s", *out.Account, *out.Arn, *out.UserId)
			}
			if c.id == "AROA" && !strings.HasSuffix(*out.UserId, ":s1") {
				t.Errorf("the id %s does not end in the session's name", *out.UserId)
			}
		})
	}
}

func TestAssumeRole(t *testing.T) {
	issued := &register{}
	principal := "arn:aws:iam::111122223333:user/ann"
	c := client(t, sts.New(clock.NewFake(now), issued), &principal)
	in := func(change func(*awssts.AssumeRoleInput)) *awssts.AssumeRoleInput {
		in := &awssts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/teams/deploy"), RoleSessionName: aws.String("ci")}
		change(in)
		return in
	}

	t.Run("the session is of the role's account and lasts an hour", func(t *testing.T) {
		out, err := c.AssumeRole(t.Context(), in(func(*awssts.AssumeRoleInput) {}))
		if err != nil {
			t.Fatal(err)
		}
		const session = "arn:aws:sts::444455556666:assumed-role/deploy/ci"
		if *out.AssumedRoleUser.Arn != session || issued.principal != session || issued.account != "444455556666" {
			t.Errorf("answered %s, issued for %+v", *out.AssumedRoleUser.Arn, issued)
		}
		if want := now.Add(time.Hour); !out.Credentials.Expiration.Equal(want) || !issued.expires.Equal(want) {
			t.Errorf("expires %v, issued until %v", out.Credentials.Expiration, issued.expires)
		}
		if *out.Credentials.AccessKeyId != "ASIA0000000000000001" || *out.Credentials.SecretAccessKey != "secret" || *out.Credentials.SessionToken != "token" {
			t.Errorf("got %+v", out.Credentials)
		}
		who := client(t, sts.New(clock.NewFake(now), issued), new(session))
		if id, err := who.GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{}); err != nil || *id.UserId != *out.AssumedRoleUser.AssumedRoleId {
			t.Errorf("the session's own id is %v (%v), AssumeRole said %s", id, err, *out.AssumedRoleUser.AssumedRoleId)
		}
	})

	for name, c2 := range map[string]struct {
		change       func(*awssts.AssumeRoleInput)
		caller       string
		code, phrase string
	}{
		"an ARN of something else is invalid":   {func(i *awssts.AssumeRoleInput) { i.RoleArn = aws.String("arn:aws:iam::444455556666:user/x") }, principal, "ValidationError", "is invalid"},
		"a session name with spaces is invalid": {func(i *awssts.AssumeRoleInput) { i.RoleSessionName = aws.String("a b") }, principal, "ValidationError", `Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		"fifteen minutes is the least":          {func(i *awssts.AssumeRoleInput) { i.DurationSeconds = aws.Int32(10) }, principal, "ValidationError", "Value '10' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		"a session policy that is none":         {func(i *awssts.AssumeRoleInput) { i.Policy = aws.String("{}") }, principal, "MalformedPolicyDocument", "Syntax errors in policy."},
		"a session policy that is too long":     {func(i *awssts.AssumeRoleInput) { i.Policy = aws.String(strings.Repeat(" ", 2049)) }, principal, "PackedPolicyTooLarge", "Packed size of policy"},
		"a managed policy that is not there": {func(i *awssts.AssumeRoleInput) {
			i.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/None")}}
		}, principal, "MalformedPolicyDocument", "Invalid policyArn"},
		"a tag told twice": {func(i *awssts.AssumeRoleInput) {
			i.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("A"), Value: aws.String("2")}}
		}, principal, "InvalidParameterValue", "Duplicate tag keys"},
		"transitive tags are refused, not ignored": {func(i *awssts.AssumeRoleInput) { i.TransitiveTagKeys = []string{"a"} }, principal, "ValidationError", "TransitiveTagKeys is not implemented by Signalbox"},
		"a session that assumes a role gets no more than an hour": {func(i *awssts.AssumeRoleInput) { i.DurationSeconds = aws.Int32(7200) },
			"arn:aws:sts::111122223333:assumed-role/a/b", "ValidationError", "role chaining"},
	} {
		t.Run(name, func(t *testing.T) {
			principal = c2.caller
			*issued = register{}
			_, err := c.AssumeRole(t.Context(), in(c2.change))
			wantError(t, err, c2.code, c2.phrase)
			if issued.principal != "" {
				t.Errorf("credentials were issued for %s", issued.principal)
			}
		})
	}

	t.Run("a policy and tags take room in the session", func(t *testing.T) {
		principal = "arn:aws:iam::111122223333:user/ann"
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`
		for want, change := range map[int32]func(*awssts.AssumeRoleInput){
			0: func(*awssts.AssumeRoleInput) {},
			1: func(i *awssts.AssumeRoleInput) { i.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}} },
			4: func(i *awssts.AssumeRoleInput) { i.Policy = &policy },
		} {
			out, err := c.AssumeRole(t.Context(), in(change))
			if err != nil {
				t.Fatal(err)
			}
			size := out.PackedPolicySize //lint:ignore SA1019 older clients read it
			if got := aws.ToInt32(size); got != want || (want == 0) != (size == nil) {
				t.Errorf("PackedPolicySize = %v, want %d", size, want)
			}
		}
	})

	t.Run("why an issuer failed stays inside", func(t *testing.T) {
		issued.err = errors.New("key file is gone")
		_, err := c.AssumeRole(t.Context(), in(func(*awssts.AssumeRoleInput) {}))
		wantError(t, err, "InternalFailure", "An internal error occurred")
	})
}

func TestGetSessionToken(t *testing.T) {
	issued := &register{}
	principal := "arn:aws:iam::111122223333:user/ann"
	c := client(t, sts.New(clock.NewFake(now), issued), &principal)
	t.Run("a user's lasts twelve hours", func(t *testing.T) {
		out, err := c.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{})
		if err != nil || !out.Credentials.Expiration.Equal(now.Add(12*time.Hour)) || issued.principal != principal {
			t.Errorf("got %+v, %v, issued for %s", out, err, issued.principal)
		}
	})
	t.Run("the account's own lasts an hour", func(t *testing.T) {
		principal = "arn:aws:iam::111122223333:root"
		if _, err := c.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{}); err != nil || !issued.expires.Equal(now.Add(time.Hour)) {
			t.Errorf("issued until %v, %v", issued.expires, err)
		}
	})
	t.Run("a session gets none", func(t *testing.T) {
		principal = "arn:aws:sts::111122223333:assumed-role/a/b"
		_, err := c.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{})
		wantError(t, err, "AccessDenied", "session credentials")
	})
	t.Run("MFA is refused", func(t *testing.T) {
		_, err := c.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{SerialNumber: aws.String("arn:aws:iam::1:mfa/x"), TokenCode: aws.String("123456")})
		wantError(t, err, "ValidationError", "SerialNumber is not implemented by Signalbox")
	})
}

func TestGetAccessKeyInfo(t *testing.T) {
	service := sts.New(clock.NewFake(now), &register{})
	service.AccountOf = func(key string) (string, bool) { return "777788889999", key == "AKIA0000000000000007" }
	c := client(t, service, new(""))
	for key, want := range map[string]string{"AKIA0000000000000009": "111122223333", "AKIA0000000000000007": "777788889999"} {
		out, err := c.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: &key})
		if err != nil || *out.Account != want {
			t.Errorf("%s: got %v, %v", key, out, err)
		}
	}
	_, err := c.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIA0000000000000001")})
	wantError(t, err, "ValidationError", "not known")
}

func TestWhatTheServiceDoesNotHave(t *testing.T) {
	c := client(t, sts.New(clock.NewFake(now), &register{}), new(""))
	_, err := c.GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("joe")})
	wantError(t, err, "NotImplementedException", "sts.GetFederationToken is not implemented by Signalbox")
}

func wantError(t *testing.T, err error, code, phrase string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), phrase) {
		t.Errorf("got %v, want %s: …%s…", err, code, phrase)
	}
}

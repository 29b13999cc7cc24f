// Package remote asks a running Signalbox: the AWS services by their wire
// protocols, and the console by its API under /_signalbox/.
//
// A verb embeds [Flags], which say where the server is and who asks, and has a
// [Client] of them. Requests are signed as the AWS CLI would sign them. Errors
// that the server answers are an [Error] inside an [exit.Failure] that says what
// to do; a server that does not answer is exit code 3.
package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/console"
)

const defaultEndpoint = "http://localhost:4566"

// Flags say which Signalbox is asked, and as whom.
type Flags struct {
	Endpoint string `group:"server" env:"SIGNALBOX_ENDPOINT,AWS_ENDPOINT_URL" placeholder:"URL" help:"Its address. Default: http://localhost:4566"`
	Region   string `group:"server" placeholder:"NAME" help:"The region. Default: as for the AWS CLI, us-east-1 at last."`
	Account  string `group:"server" placeholder:"ID" help:"The account of 12 digits, in development mode."`
}

// Client speaks to a running Signalbox: JSON, signed.
type Client struct {
	Endpoint string // URL without a slash at its end
	Region   string
	keys     aws.Credentials
	signer   *v4.Signer
	clock    clock.Clock
	http     *http.Client
}

// Client is a client that speaks to it.
func (r *Flags) Client(env func(string) string, clk clock.Clock) (*Client, error) {
	c := &Client{Endpoint: strings.TrimRight(r.Endpoint, "/"), signer: v4.NewSigner(), clock: clk, http: &http.Client{}}
	if c.Endpoint == "" {
		c.Endpoint = defaultEndpoint
	}
	if u, err := url.Parse(c.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, exit.Misused("it has the form http://localhost:4566", "the endpoint %q is no URL", c.Endpoint)
	}
	c.keys, c.Region = credentials(env)
	if r.Region != "" {
		c.Region = r.Region
	}
	if r.Account != "" {
		if len(r.Account) != 12 || strings.Trim(r.Account, "0123456789") != "" {
			return nil, exit.Misused("", "the account %q does not have 12 digits", r.Account)
		}
		// In development mode a key of 12 digits is that account.
		c.keys = aws.Credentials{AccessKeyID: r.Account, SecretAccessKey: "test"}
	}
	return c, nil
}

// Call asks an AWS service that speaks JSON. Its errors are *Error.
func (c *Client) Call(ctx context.Context, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("asking %s: %w", target, err)
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}
	return c.Exchange(ctx, service, http.MethodPost, "/", header, body, out)
}

// Get asks the console's API.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.Exchange(ctx, "signalbox", http.MethodGet, apiPath(path, query), nil, nil, out)
}

// Post has the console's API do something.
func (c *Client) Post(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("asking %s: %w", path, err)
	}
	return c.Exchange(ctx, "signalbox", http.MethodPost, apiPath(path, nil), http.Header{"Content-Type": {"application/json"}}, body, out)
}

// Upload keeps a package at the server and says where it is.
func (c *Client) Upload(ctx context.Context, zip []byte) (bucket, key string, err error) {
	sum := sha256.Sum256(zip)
	path := console.Path + "code/" + hex.EncodeToString(sum[:]) + ".zip"
	// The address is signed, and says what the content must be.
	header := http.Header{"Content-Type": {"application/zip"}, "X-Amz-Content-Sha256": {"UNSIGNED-PAYLOAD"}}
	var answer struct{ Bucket, Key string }
	err = c.Exchange(ctx, "signalbox", http.MethodPut, path, header, zip, &answer)
	return answer.Bucket, answer.Key, err
}

// Stream opens an answer of the console's API that has no end.
func (c *Client) Stream(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	r, err := c.Send(ctx, "signalbox", http.MethodGet, apiPath(path, query), nil, nil)
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

func apiPath(path string, query url.Values) string {
	path = console.Path + "api/" + path
	if q := query.Encode(); q != "" {
		path += "?" + q
	}
	return path
}

// Exchange sends a request and reads its answer, which is JSON, into out; nil
// leaves it unread.
func (c *Client) Exchange(ctx context.Context, service, method, path string, header http.Header, body []byte, out any) error {
	r, err := c.Send(ctx, service, method, path, header, body)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return c.Unreachable(err)
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s answers what cannot be read: %w", c.Endpoint, err)
	}
	return nil
}

// Send sends a request and returns its answer, unless that is an error.
func (c *Client) Send(ctx context.Context, service, method, path string, header http.Header, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, exit.Misused("", "the endpoint cannot be used: %w", err)
	}
	if header != nil {
		r.Header = header
	}
	hash := header.Get("X-Amz-Content-Sha256")
	if hash == "" {
		sum := sha256.Sum256(body)
		hash = hex.EncodeToString(sum[:])
	}
	if err := c.signer.SignHTTP(ctx, c.keys, r, hash, service, c.Region, c.clock.Now()); err != nil {
		return nil, fmt.Errorf("signing the request: %w", err)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.Unreachable(err)
	}
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20)) // whatever can be read of it
	return nil, c.refused(answer, text)
}

// Unreachable is the error of a server that does not answer.
func (c *Client) Unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return &exit.Failure{
		Code: exit.Unreachable, Err: fmt.Errorf("no answer from %s: %w", c.Endpoint, err),
		Hint: "start one with: signalbox serve   or say where it is: --endpoint URL",
	}
}

// Error is an error that the server answers.
type Error struct {
	Code, Message string
	status        int
}

func (e *Error) Error() string { return e.Message }

func (c *Client) refused(answer *http.Response, text []byte) error {
	var body struct {
		Error   *Error
		Type    string `json:"__type"`
		Message string
	}
	known := json.Unmarshal(text, &body) == nil
	e := body.Error
	if q := queryError(text); !known && q != nil {
		e, known = q, true
	}
	if e == nil {
		e = &Error{Code: body.Type, Message: body.Message}
		if e.Code == "" {
			e.Code, _, _ = strings.Cut(answer.Header.Get("X-Amzn-Errortype"), ":")
		}
		e.Code = e.Code[strings.LastIndexByte(e.Code, '#')+1:]
	}
	e.status = answer.StatusCode
	if !known || e.Message == "" {
		return &exit.Failure{
			Code: exit.Unreachable, Err: fmt.Errorf("what answers at %s is not Signalbox (HTTP status %d)", c.Endpoint, answer.StatusCode),
			Hint: "say where Signalbox is: --endpoint URL",
		}
	}
	f := &exit.Failure{Code: exit.No, Err: e}
	switch e.Code {
	case "AccessDenied", "UnrecognizedClientException", "InvalidSignatureException", "MissingAuthenticationTokenException":
		f.Hint = "it wants a key that it knows: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (serve says where its own is)"
	}
	return f
}

// IsCode tells whether err is the server's error of that code.
func IsCode(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

// ErrStopped ends a stream that has no end of its own.
var ErrStopped = errors.New("the server has stopped")

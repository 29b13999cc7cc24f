package gateway

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/wire"
)

func required(c *Config) { c.Auth = Required }

func TestSDKClientsAreWhoTheirKeysSay(t *testing.T) {
	dev, req := open(t, nil), open(t, required)
	role := "arn:aws:sts::444455556666:assumed-role/carrier/session"
	keyID, secret, token, err := dev.keys.Issue("444455556666", role, dev.clock.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name                string
		d                   *door
		key, secret, token  string
		account, principal  string
		code                string // of the refusal, "" for none
		querycode, jsoncode string
	}{
		{"any key in development mode", dev, "test", "test", "", DefaultAccount, "arn:aws:iam::000000000000:root", "", "", ""},
		{"an account for a key in development mode", dev, "123456789012", "test", "", "123456789012", "arn:aws:iam::123456789012:root", "", "", ""},
		{"a stranger's token in development mode", dev, "ASIASTRANGERSTRANGER", "test", "token", DefaultAccount, "arn:aws:iam::000000000000:root", "", "", ""},
		{"the root key in development mode", dev, testRoot.AccessKeyID, testRoot.Secret, "", testRoot.Account, "arn:aws:iam::111122223333:root", "", "", ""},
		{"the root key with another secret in development mode", dev, testRoot.AccessKeyID, "test", "", "", "", "x", "SignatureDoesNotMatch", "InvalidSignatureException"},
		{"the root key with a token", dev, testRoot.AccessKeyID, testRoot.Secret, "token", "", "", "x", "InvalidClientTokenId", "UnrecognizedClientException"},
		{"issued credentials", dev, keyID, secret, token, "444455556666", role, "", "", ""},
		{"issued credentials with another secret", dev, keyID, "test", token, "", "", "x", "SignatureDoesNotMatch", "InvalidSignatureException"},
		{"the root key where keys are required", req, testRoot.AccessKeyID, testRoot.Secret, "", testRoot.Account, "arn:aws:iam::111122223333:root", "", "", ""},
		{"issued credentials where keys are required", req, keyID, secret, token, "444455556666", role, "", "", ""},
		{"an unknown key where keys are required", req, "test", "test", "", "", "", "x", "InvalidClientTokenId", "UnrecognizedClientException"},
		{"an account for a key where keys are required", req, "123456789012", "test", "", "", "", "x", "InvalidClientTokenId", "UnrecognizedClientException"},
		{"issued credentials without their token", req, keyID, secret, "", "", "", "x", "InvalidClientTokenId", "UnrecognizedClientException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := c.d.sdk(c.key, c.secret, c.token)
			id, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			outcome(t, c.d, err, c.querycode, c.account, c.principal)
			if err == nil && *id.Arn != c.principal {
				t.Errorf("sts says %s", *id.Arn)
			}
			_, err = sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
			outcome(t, c.d, err, c.querycode, c.account, c.principal)
			_, err = eventbridge.NewFromConfig(cfg).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{}})
			outcome(t, c.d, err, c.jsoncode, c.account, c.principal)
		})
	}
}

// outcome holds a call against what it should have come to.
func outcome(t *testing.T, d *door, err error, code, account, principal string) {
	t.Helper()
	got, _, called := d.last()
	if code != "" {
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("error = %v; want %s", err, code)
		}
		if called {
			t.Error("refused, and yet the operation was called")
		}
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	if got.Account != account || got.Principal != principal || got.Region != "eu-west-1" || got.RequestID == "" || got.SourceIP.String() != "127.0.0.1" {
		t.Errorf("the operation was told %+v", got)
	}
}

func TestCredentialsExpireByTheClock(t *testing.T) {
	d := open(t, nil)
	keyID, secret, token, _ := d.keys.Issue("444455556666", "arn:aws:sts::444455556666:assumed-role/r/s", d.clock.Now().Add(2*time.Minute))
	cfg := d.sdk(keyID, secret, token)
	_, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	outcome(t, d, err, "", "444455556666", "arn:aws:sts::444455556666:assumed-role/r/s")
	d.clock.Advance(2*time.Minute + time.Second)
	_, err = sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	outcome(t, d, err, "ExpiredToken", "", "")
	_, err = eventbridge.NewFromConfig(cfg).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{}})
	outcome(t, d, err, "ExpiredTokenException", "", "")
}

func TestSignaturesOfAnotherTimeAreRefused(t *testing.T) {
	d := open(t, required)
	cfg := d.sdk(testRoot.AccessKeyID, testRoot.Secret, "")
	d.clock.Advance(6 * time.Minute)
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	outcome(t, d, err, "SignatureDoesNotMatch", "", "")
	_, err = eventbridge.NewFromConfig(cfg).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{}})
	outcome(t, d, err, "InvalidSignatureException", "", "")
	if err == nil || !strings.Contains(err.Error(), "Signature expired: ") || !strings.Contains(err.Error(), " - 5 min.)") {
		t.Errorf("error = %v", err)
	}
}

func TestAPresignedCallIsAnswered(t *testing.T) {
	d := open(t, required)
	p, err := sts.NewPresignClient(sts.NewFromConfig(d.sdk(testRoot.AccessKeyID, testRoot.Secret, ""))).PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	get := func() (int, string) {
		resp, err := http.Get(p.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	if status, body := get(); status != 200 || !strings.Contains(body, testRoot.Account) {
		t.Errorf("%d %s", status, body)
	}
	d.clock.Advance(16 * time.Minute)
	if status, body := get(); status != 400 || !strings.Contains(body, "<Code>RequestExpired</Code>") {
		t.Errorf("%d %s", status, body)
	}
}

func TestDevelopmentModeLetsInThisMachineOnly(t *testing.T) {
	d := open(t, func(c *Config) { c.Trusted = []netip.Prefix{netip.MustParsePrefix("172.17.0.0/16")} })
	for _, c := range []struct {
		from    string
		allowed bool
	}{
		{"127.0.0.1:1", true}, {"127.9.9.9:1", true}, {"[::1]:1", true}, {"[::ffff:127.0.0.1]:1", true}, {"@", true}, {"172.17.0.1:1", true},
		{"172.18.0.1:1", false}, {"10.0.0.1:1", false}, {"[2001:db8::1]:1", false}, {"rubbish", false},
	} {
		for _, auth := range []string{"", "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0"} {
			r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
			r.RemoteAddr = c.from
			r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
			if auth != "" {
				r.Header.Set("Authorization", auth)
			}
			w := d.ask(r)
			if _, _, called := d.last(); called != c.allowed || (w.Code == 200) != c.allowed {
				t.Errorf("from %s, signed %v: called %v, answer %d %s", c.from, auth != "", called, w.Code, w.Body)
			} else if !c.allowed && !strings.Contains(w.Body.String(), "from this machine only") {
				t.Errorf("from %s: the answer does not say why: %s", c.from, w.Body)
			}
		}
	}
}

func TestKnownKeysAreWelcomeFromAnywhere(t *testing.T) {
	d := open(t, nil)
	cfg := d.sdk(testRoot.AccessKeyID, testRoot.Secret, "")
	cfg.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		in := r.Clone(r.Context())
		in.RemoteAddr, in.RequestURI = "203.0.113.9:4711", r.URL.RequestURI()
		if in.Host == "" {
			in.Host = in.URL.Host
		}
		d.ServeHTTP(w, in)
		return w.Result(), nil
	})
	if _, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	if c, _, _ := d.last(); !c.SourceIP.Equal(net.IPv4(203, 0, 113, 9)) || c.Account != testRoot.Account {
		t.Errorf("the operation was told %+v", c)
	}
}

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestWithoutASignatureOnlyWhatAWSAllowsIsServed(t *testing.T) {
	d := open(t, required)
	for action, allowed := range map[string]bool{"AssumeRoleWithWebIdentity": true, "GetCallerIdentity": false} {
		w := d.ask(form("http://localhost:4566/", "Action="+action+"&Version=2011-06-15"))
		c, _, called := d.last()
		if called != allowed || allowed && c.Principal != "" {
			t.Errorf("%s: called %v by %q, %d %s", action, called, c.Principal, w.Code, w.Body)
		}
		if !allowed && (w.Code != 403 || !strings.Contains(w.Body.String(), "<Code>MissingAuthenticationToken</Code>")) {
			t.Errorf("%s: %d %s", action, w.Code, w.Body)
		}
	}
}

func form(target, body string) *http.Request {
	r := httptest.NewRequest("POST", target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

func TestTooLargeABodyIsRefused(t *testing.T) {
	d := open(t, func(c *Config) { c.MaxBody, c.MaxBodyOf = 100, map[string]int64{"lambda": 200, "sqs": 50} })
	for _, c := range []struct {
		name, target string
		size         int
		chunked      bool
		code         string
	}{
		{"just within the limit", "AWSEvents.PutEvents", 100, false, ""},
		{"a byte more", "AWSEvents.PutEvents", 101, false, "RequestEntityTooLargeException"},
		{"a byte more, of unknown length", "AWSEvents.PutEvents", 101, true, "RequestEntityTooLargeException"},
		{"a service's own limit", "AmazonSQS.ListQueues", 51, false, "RequestEntityTooLarge"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader("{"+strings.Repeat(" ", c.size-2)+"}"))
			r.Header.Set("X-Amz-Target", c.target)
			if c.chunked {
				r.ContentLength = -1
			}
			w := d.ask(r)
			_, _, called := d.last()
			if called != (c.code == "") || c.code != "" && (w.Code != 413 || !strings.Contains(w.Body.String(), `"`+c.code+`"`)) {
				t.Errorf("called %v, %d %s", called, w.Code, w.Body)
			}
		})
	}
	if n := d.Stats().TooLarge; n != 3 {
		t.Errorf("%d counted as too large", n)
	}
}

func TestStrangersBodiesAreHardlyRead(t *testing.T) {
	d := open(t, required)
	body := &counted{r: strings.NewReader("{" + strings.Repeat(" ", 1<<20) + "}")}
	r := httptest.NewRequest("POST", "/", body)
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	w := d.ask(r)
	if code, _ := readError(t, w); code != "MissingAuthenticationTokenException" || body.n > 100<<10 {
		t.Errorf("%d %s after %d bytes", w.Code, w.Body, body.n)
	}
}

type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestCompressedBodiesAreReadAndBounded(t *testing.T) {
	d := open(t, func(c *Config) { c.MaxBody = 1000 })
	for size, allowed := range map[int]bool{900: true, 1001: false} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprint(z, "{", strings.Repeat(" ", size-2), "}")
		z.Close()
		r := httptest.NewRequest("POST", "/", &b)
		r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
		r.Header.Set("Content-Encoding", "gzip")
		w := d.ask(r)
		if _, _, called := d.last(); called != allowed {
			t.Errorf("%d bytes: called %v, %d %s", size, called, w.Code, w.Body)
		}
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	r.Header.Set("Content-Encoding", "gzip")
	if w := d.ask(r); w.Code != 400 || !strings.Contains(w.Body.String(), "SerializationException") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAPanicCostsOneRequest(t *testing.T) {
	d := open(t, nil)
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AWSEvents.DescribeRule")
	if w := d.ask(r); w.Code != 500 || !strings.Contains(w.Body.String(), `"InternalFailure"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if s := d.Stats(); s.Panics != 1 || s.InFlight != 0 {
		t.Errorf("stats = %+v", s)
	}
	if !strings.Contains(d.log.String(), "a bug") {
		t.Error("the panic is not in the log")
	}
}

func TestFaultsAreLoggedAndNotTold(t *testing.T) {
	d := open(t, nil)
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AWSEvents.ListRules")
	w := d.ask(r)
	if w.Code != 500 || strings.Contains(w.Body.String(), "fire") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(d.log.String(), "the disk is on fire") || !strings.Contains(d.log.String(), w.Header().Get("X-Amzn-Requestid")) {
		t.Errorf("log: %s", d.log)
	}
}

func TestAccessLogAndCountersTellOperations(t *testing.T) {
	d := open(t, nil)
	if _, err := sqs.NewFromConfig(d.sdk("123456789012", "secret", "")).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AmazonSQS.MakeCoffee")
	d.ask(r)
	s := d.Stats()
	if o := s.Operations["sqs"]; o["ListQueues"].Calls != 1 || o["(unknown)"].ClientErrors != 1 || s.Requests != 2 || s.InFlight != 0 || s.BytesOut == 0 || s.BytesIn != 4 {
		t.Errorf("stats = %+v", s)
	}
	for _, want := range []string{"method=POST", "operation=sqs.ListQueues", "status=200", "account=123456789012", "region=eu-west-1"} {
		if !strings.Contains(d.log.String(), want) {
			t.Errorf("no %s in %s", want, d.log)
		}
	}
	if strings.Contains(d.log.String(), "Signature=") {
		t.Error("the log holds a signature")
	}
}

func TestHealthTellsTheServices(t *testing.T) {
	d := open(t, required)
	for _, path := range []string{"/_signalbox/health", "/_localstack/health"} {
		w := d.ask(httptest.NewRequest("GET", path, nil))
		var h struct {
			Services         map[string]string
			Version, Edition string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &h); err != nil || w.Code != 200 || h.Services["events"] != "running" || h.Version != "1.2.3" || h.Edition != "signalbox" {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, err)
		}
	}
	if w := d.ask(httptest.NewRequest("POST", "/_signalbox/health", nil)); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestTheRestOfSignalboxsOwnPathsGoesToExtra(t *testing.T) {
	d := open(t, func(c *Config) {
		c.Extra = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "extra ", r.URL.Path) })
	})
	if w := d.ask(httptest.NewRequest("GET", "/_signalbox/metrics", nil)); w.Body.String() != "extra /_signalbox/metrics" || w.Header().Get("X-Amzn-Requestid") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "text/html,*/*")
	r.Host = "localhost:4566"
	if w := d.ask(r); w.Code != 302 || w.Header().Get("Location") != "/_signalbox/" {
		t.Errorf("a browser is answered %d %v", w.Code, w.Header())
	}
	if w := open(t, nil).ask(httptest.NewRequest("GET", "/_signalbox/metrics", nil)); w.Code != 404 {
		t.Errorf("without Extra: %d", w.Code)
	}
}

func TestBrowsersMayCallWhereTheirOriginMay(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Config)
		allowed bool
	}{
		{"any origin in development mode", nil, true},
		{"no origin where keys are required", required, false},
		{"an origin that is named", func(c *Config) { c.Auth, c.Origins = Required, []string{"https://app.example"} }, true},
		{"an origin that is not named", func(c *Config) { c.Origins = []string{"https://other.example"} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, c.change)
			r := httptest.NewRequest("OPTIONS", "/", nil)
			r.Header.Set("Origin", "https://app.example")
			r.Header.Set("Access-Control-Request-Method", "POST")
			r.Header.Set("Access-Control-Request-Headers", "authorization,x-amz-date,x-amz-target")
			w := d.ask(r)
			if h := w.Header(); (w.Code == 204) != c.allowed || (h.Get("Access-Control-Allow-Origin") == "https://app.example") != c.allowed ||
				(h.Get("Access-Control-Allow-Headers") == "authorization,x-amz-date,x-amz-target") != c.allowed {
				t.Errorf("preflight: %d %v", w.Code, h)
			}
			r = httptest.NewRequest("POST", "/", strings.NewReader("{}"))
			r.Header.Set("Origin", "https://app.example")
			r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
			w = d.ask(r)
			if (w.Header().Get("Access-Control-Allow-Origin") != "") != c.allowed {
				t.Errorf("call: %d %v", w.Code, w.Header())
			}
		})
	}
}

func TestRoutesGoBeforeEverything(t *testing.T) {
	var told wire.Request
	d := open(t, func(c *Config) {
		echo := func(name string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				told = *wire.FromContext(r.Context())
				body, _ := io.ReadAll(r.Body)
				fmt.Fprint(w, name, " ", string(body))
			})
		}
		c.Routes = []Route{
			{Name: "execute-api", Match: MatchHost("execute-api"), Handler: echo("api")},
			{Name: "function-url", Match: MatchHost("lambda-url"), Handler: echo("url")},
			{Name: "restapis", Match: MatchPath("/restapis/"), Handler: echo("rest")},
		}
	})
	for target, want := range map[string]string{
		"http://abc.execute-api.eu-west-1.localhost.localstack.cloud:4566/prod/x": "api body",
		"http://abc.execute-api.localhost:4566/":                                  "api body",
		"http://xyz.lambda-url.us-east-1.localhost:4566/":                         "url body",
		"http://localhost:4566/restapis/abc/prod/_user_request_/x":                "rest body",
	} {
		w := d.ask(httptest.NewRequest("POST", target, strings.NewReader("body")))
		if w.Body.String() != want || told.RequestID == "" || strings.Contains(target, "eu-west-1") && told.Region != "eu-west-1" {
			t.Errorf("%s: %q, told %+v", target, w.Body, told)
		}
	}
	if n := d.Stats().Operations["execute-api"]["(unknown)"].Calls; n != 2 {
		t.Errorf("%d calls counted", n)
	}
	if w := d.ask(httptest.NewRequest("GET", "http://execute-api.us-east-1.localhost:4566/", nil)); strings.HasPrefix(w.Body.String(), "api") {
		t.Error("the host of no API was taken for one")
	}
}

func TestRoutesCanAskWhoCalls(t *testing.T) {
	d := open(t, required)
	r := httptest.NewRequest("GET", "http://xyz.lambda-url.us-east-1.localhost:4566/", nil)
	_, _, err := d.Authenticate(r, nil)
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != "MissingAuthenticationTokenException" || e.Status != 403 {
		t.Errorf("error = %v", err)
	}
}

func TestAProxyOnThisMachineMaySayThatItSpeaksTLS(t *testing.T) {
	d := open(t, nil)
	for from, want := range map[string]string{"127.0.0.1:1": "https", "203.0.113.9:1": "http"} {
		r := httptest.NewRequest("POST", "http://signalbox.example/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
		r.Header.Set("X-Forwarded-Proto", "https")
		sign(t, r, "events", "{}", testRoot, d.clock.Now())
		r.RemoteAddr = from
		d.ask(r)
		if c, _, _ := d.last(); c.Scheme != want || c.Host != "signalbox.example" {
			t.Errorf("from %s: told %s://%s", from, c.Scheme, c.Host)
		}
	}
}

func TestHTTP2WithoutTLSIsSpoken(t *testing.T) {
	d := open(t, nil)
	server := NewServer(d.Gateway)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: p}}
	cfg := d.sdk(testRoot.AccessKeyID, testRoot.Secret, "")
	cfg.BaseEndpoint, cfg.HTTPClient = aws.String("http://"+l.Addr().String()), client
	if _, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Error(err)
	}
	client.CloseIdleConnections()
	if err := errors.Join(server.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
	if err := <-done; err != http.ErrServerClosed {
		t.Error(err)
	}
}

package lambda_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const urlHandler = `
exports.handler = async (event) => {
  if (event.rawPath === '/plain') return { hello: 'world' };
  if (event.rawPath === '/binary') return { statusCode: 201, isBase64Encoded: true, body: 'AAEC', headers: { 'content-type': 'image/png' }, cookies: ['a=1; Secure', 'b=2'] };
  if (event.rawPath === '/throw') throw new Error('boom');
  if (event.rawPath === '/status') return { statusCode: 'abc' };
  return { statusCode: 200, body: JSON.stringify(event) };
};`

func TestFunctionURL(t *testing.T) {
	nodeCJS.need(t)
	w := start(t)
	w.write("web", types.RuntimeNodejs20x, "index.handler", map[string]string{"index.js": urlHandler}, nil)
	ctx := t.Context()
	created, err := w.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{
		FunctionName: new("web"), AuthType: types.FunctionUrlAuthTypeNone,
		Cors: &types.Cors{AllowOrigins: []string{"https://shop.example"}, AllowMethods: []string{"GET"}, MaxAge: new(int32(60))},
	})
	if err != nil {
		t.Fatal(err)
	}
	address := w.box.Server().Addr().String()
	_, port, _ := net.SplitHostPort(address)
	base, id, _ := strings.Cut(strings.TrimSuffix(*created.FunctionUrl, "/"), "/_aws/lambda-url/")
	if base != "http://localhost:"+port || id == "" {
		t.Fatalf("the URL is %s", *created.FunctionUrl)
	}
	byName := "http://" + id + ".lambda-url.us-east-1.localhost:" + port
	// Names under localhost are this machine, whatever its resolver says.
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}}
	defer client.CloseIdleConnections()
	do := func(method, path, body string, change func(*http.Request)) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, method, byName+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(r)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(text)
	}
	t.Run("a request is an event of version 2.0", func(t *testing.T) {
		response, text := do("POST", "/a/b%20c?x=1&x=2&y=z", `{"n":1}`, func(r *http.Request) {
			r.Header.Set("Content-Type", "application/json")
			r.Header.Add("X-Twice", "1")
			r.Header.Add("X-Twice", "2")
			r.Header.Set("Cookie", "a=1; b=2")
		})
		var e struct {
			Version, RouteKey, RawPath, RawQueryString, Body string
			Cookies                                          []string
			Headers, QueryStringParameters                   map[string]string
			IsBase64Encoded                                  bool
			RequestContext                                   struct {
				AccountID, APIID, DomainName string
				HTTP                         struct{ Method, Path, SourceIP string }
			}
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err, text)
		}
		if response.Header.Get("Content-Type") != "application/json" || e.Version != "2.0" || e.RawPath != "/a/b%20c" || e.RawQueryString != "x=1&x=2&y=z" || e.Body != `{"n":1}` || e.IsBase64Encoded ||
			e.QueryStringParameters["x"] != "1,2" || e.Headers["x-twice"] != "1,2" || len(e.Cookies) != 2 || e.Headers["cookie"] != "" ||
			e.RequestContext.AccountID != "anonymous" || e.RequestContext.HTTP.Method != "POST" || e.RequestContext.HTTP.SourceIP != "127.0.0.1" ||
			!strings.HasPrefix(e.RequestContext.DomainName, e.RequestContext.APIID) {
			t.Errorf("got %s", text)
		}
	})
	t.Run("a body that is no text goes in base64", func(t *testing.T) {
		_, text := do("POST", "/", "\x00\x01", func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") })
		if !strings.Contains(text, `"body":"AAE=","isBase64Encoded":true`) {
			t.Errorf("got %s", text)
		}
	})
	t.Run("an answer that is no response is the body", func(t *testing.T) {
		response, text := do("GET", "/plain", "", nil)
		if response.StatusCode != 200 || text != `{"hello":"world"}` || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %d %s", response.StatusCode, text)
		}
	})
	t.Run("a response has its status, headers, cookies and bytes", func(t *testing.T) {
		response, text := do("GET", "/binary", "", nil)
		if response.StatusCode != 201 || text != "\x00\x01\x02" || response.Header.Get("Content-Type") != "image/png" || len(response.Header.Values("Set-Cookie")) != 2 {
			t.Errorf("got %d %q %v", response.StatusCode, text, response.Header)
		}
	})
	t.Run("a function's error, and an answer that makes no sense, are 502", func(t *testing.T) {
		for _, path := range []string{"/throw", "/status"} {
			if response, text := do("GET", path, "", nil); response.StatusCode != 502 || text != `{"Message":"Internal Server Error"}` {
				t.Errorf("%s: %d %s", path, response.StatusCode, text)
			}
		}
	})
	t.Run("browsers are answered by the URL's settings", func(t *testing.T) {
		origin := func(o string) func(*http.Request) {
			return func(r *http.Request) {
				r.Header.Set("Origin", o)
				r.Header.Set("Access-Control-Request-Method", "GET")
			}
		}
		response, _ := do("OPTIONS", "/", "", origin("https://shop.example"))
		if response.StatusCode != 200 || response.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" || response.Header.Get("Access-Control-Max-Age") != "60" {
			t.Errorf("got %d %v", response.StatusCode, response.Header)
		}
		if response, _ := do("OPTIONS", "/", "", origin("https://evil.example")); response.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("another origin is allowed: %v", response.Header)
		}
	})
	t.Run("the path form reaches the same function", func(t *testing.T) {
		response, err := http.Get(*created.FunctionUrl + "plain")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if text, _ := io.ReadAll(response.Body); string(text) != `{"hello":"world"}` {
			t.Errorf("got %s", text)
		}
	})
	t.Run("AWS_IAM asks for a signature", func(t *testing.T) {
		if _, err := w.UpdateFunctionUrlConfig(ctx, &lambda.UpdateFunctionUrlConfigInput{FunctionName: new("web"), AuthType: types.FunctionUrlAuthTypeAwsIam}); err != nil {
			t.Fatal(err)
		}
		if response, text := do("GET", "/", "", nil); response.StatusCode != 403 || text != `{"Message":"Forbidden"}` {
			t.Errorf("unsigned: %d %s", response.StatusCode, text)
		}
		response, text := do("GET", "/", "", func(r *http.Request) {
			empty := sha256.Sum256(nil)
			if err := v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: "111122223333", SecretAccessKey: "test"}, r, hex.EncodeToString(empty[:]), "lambda", "us-east-1", time.Now()); err != nil {
				t.Fatal(err)
			}
		})
		if response.StatusCode != 200 || !strings.Contains(text, `"userArn":"arn:aws:iam::111122223333:root"`) {
			t.Errorf("signed: %d %s", response.StatusCode, text)
		}
	})
	t.Run("a URL that was deleted answers 404", func(t *testing.T) {
		if _, err := w.DeleteFunctionUrlConfig(ctx, &lambda.DeleteFunctionUrlConfigInput{FunctionName: new("web")}); err != nil {
			t.Fatal(err)
		}
		if response, _ := do("GET", "/", "", nil); response.StatusCode != 404 {
			t.Errorf("got %d", response.StatusCode)
		}
	})
}

package events_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/signalboxtest"
)

// endpoint is a server outside that remembers how it was called.
type endpoint struct {
	*httptest.Server
	calls chan call

	mu     sync.Mutex
	answer http.HandlerFunc // guarded by mu; nil: 200
}

// call is one request to an endpoint.
type call struct {
	method, path, body string
	query              url.Values
	header             http.Header
	at                 time.Time
}

func newEndpoint(t testing.TB) *endpoint {
	e := &endpoint{calls: make(chan call, 4096)}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		answer := e.answer
		e.mu.Unlock()
		e.calls <- call{r.Method, r.URL.EscapedPath(), string(body), r.URL.Query(), r.Header, at}
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// answers lets it answer so from now on.
func (e *endpoint) answers(f http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = f
}

// status answers with a status alone.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// next waits for the next call.
func (e *endpoint) next(t testing.TB) call {
	t.Helper()
	select {
	case c := <-e.calls:
		return c
	case <-time.After(20 * time.Second):
		t.Fatal("the endpoint was not called within twenty seconds")
		return call{}
	}
}

// quiet fails the test where the endpoint was called.
func (e *endpoint) quiet(t testing.TB) {
	t.Helper()
	select {
	case c := <-e.calls:
		t.Errorf("the endpoint was called: %s %s %s", c.method, c.path, c.body)
	default:
	}
}

// dead is a dead letter as it lies in its queue.
type dead struct {
	body       string
	attributes map[string]string
	trace      string
}

// dead waits for a dead letter.
func (w *world) dead(url string) dead {
	w.t.Helper()
	out := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, WaitTimeSeconds: 10, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAWSTraceHeader},
	}))(w.t)
	if len(out.Messages) == 0 {
		w.t.Fatal("no dead letter came within ten seconds")
	}
	m := out.Messages[0]
	must(w.queues.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}))(w.t)
	d := dead{body: *m.Body, attributes: map[string]string{}, trace: m.Attributes["AWSTraceHeader"]}
	for name, a := range m.MessageAttributes {
		if *a.DataType != "String" {
			w.t.Errorf("the attribute %s is a %s", name, *a.DataType)
		}
		d.attributes[name] = *a.StringValue
	}
	return d
}

// retries is how many retries a rule's target has waiting, on whatever bus; -1
// while one is under way.
func (w *world) retries(rule, id string) (n int) {
	w.t.Helper()
	response, err := http.Get(w.URL() + console.Path + "api/overview")
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	var all events.Overview
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		w.t.Fatal(err)
	}
	for _, b := range all.Buses {
		for _, r := range b.Rules {
			for _, to := range r.Targets {
				if r.Name == rule && to.ID == id {
					if n = to.Retries; to.Held > 0 {
						n = -1
					}
				}
			}
		}
	}
	return n
}

// again waits until n events of calls' target wait for their retry, and turns
// the clock to when they are due. They were tried at most twice.
func (w *world) again(now *clock.Fake, n int) {
	w.t.Helper()
	w.until("a retry waits for the clock", func() bool { return w.retries("r", "t") == n })
	now.Advance(2 * time.Second)
}

// calls makes a rule on the default bus whose target is an API destination,
// with a dead-letter queue, whose URL it returns. The rule matches source shop.
func (w *world) calls(connection, endpoint string, change func(*types.Target)) (deadLetters string) {
	w.t.Helper()
	url, queue := w.queue("dead")
	to := withRole(target("t", w.destination("d", connection, endpoint, 300)))
	to.DeadLetterConfig = &types.DeadLetterConfig{Arn: &queue}
	if change != nil {
		change(&to)
	}
	w.rule("default", "r", shopPattern, to)
	return url
}

func TestACallCarriesTheParametersOfTargetAndConnection(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	in := apiKey("X-Key", "hush-key")
	in.AuthParameters.InvocationHttpParameters = invocation()
	letters := w.calls(w.connection("c", in), e.URL+"/orders/*/of/*?fixed=1&open=0", func(to *types.Target) {
		to.HttpParameters = &types.HttpParameters{
			PathParameterValues:   []string{"$.detail.id", "a b"},
			HeaderParameters:      map[string]string{"X-State": "$.detail.state", "X-Open": "overridden", "User-Agent": "mine", "X-None": "$.detail.none", "X-List": "$.detail.list"},
			QueryStringParameters: map[string]string{"n": "$.detail.n", "kind": "$.detail-type", "text": "a&b"},
		}
		to.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`{"id": <id>, "secret": "overridden"}`), InputPathsMap: map[string]string{"id": "$.detail.id"}}
	})
	shop := entry("default", "shop", "order", `{"id":"o/1","state":"new","n":5,"list":["a",1]}`)
	shop.TraceHeader = aws.String("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
	w.put(shop)
	c := e.next(t)
	if c.method != "POST" || c.path != "/orders/o%2F1/of/a%20b" {
		t.Errorf("called %s %s", c.method, c.path)
	}
	for name, want := range map[string]string{
		"X-Key": "hush-key", "X-Secret": "hush-header", "X-Open": "open", "X-State": "new", "X-None": "", "X-List": `["a",1]`,
		"User-Agent": "Amazon/EventBridge/ApiDestinations", "Content-Type": "application/json; charset=utf-8", "Range": "bytes=0-1048575",
	} {
		if got := c.header.Get(name); got != want {
			t.Errorf("header %s = %q, want %q", name, got, want)
		}
	}
	// The trace goes on, under the call.
	if got := c.header.Get("X-Amzn-Trace-Id"); !strings.HasPrefix(got, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=") || !strings.HasSuffix(got, ";Sampled=1") || strings.Contains(got, "53995c3f42cd8ad8") {
		t.Errorf("the trace header is %q", got)
	}
	for name, want := range map[string]string{"fixed": "1", "open": "0", "n": "5", "kind": "order", "text": "a&b", "secret": "hush-query"} {
		if got := c.query.Get(name); got != want {
			t.Errorf("query %s = %q, want %q", name, got, want)
		}
	}
	if want := `{"id":"o/1","open":"open","secret":"hush-body"}`; c.body != want {
		t.Errorf("body = %s, want %s", c.body, want)
	}
	// A text of the event cannot smuggle headers in.
	w.put(entry("default", "shop", "order", `{"id":"1","state":"a\r\nX-Evil: 1"}`))
	d := w.dead(letters)
	if d.attributes["ERROR_CODE"] != "INVALID_PARAMETER" || !strings.Contains(d.attributes["ERROR_MESSAGE"], "X-State") || strings.Contains(d.attributes["ERROR_MESSAGE"], "Evil") {
		t.Errorf("dead letter = %v", d.attributes)
	}
	e.quiet(t)
}

func TestACallUsesTheMethodOfTheDestination(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	w.calls(w.connection("c", basic("user", "Pass1234!")), e.URL, nil)
	for _, method := range []types.ApiDestinationHttpMethod{"POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS", "HEAD"} {
		must(w.events.UpdateApiDestination(w.ctx, &eventbridge.UpdateApiDestinationInput{Name: aws.String("d"), HttpMethod: method}))(t)
		w.put(entry("default", "shop", "order", `{}`))
		c := e.next(t)
		if c.method != string(method) || c.header.Get("Authorization") != "Basic dXNlcjpQYXNzMTIzNCE=" {
			t.Errorf("called with %s, Authorization %q; want %s", c.method, c.header.Get("Authorization"), method)
		}
	}
}

func TestAnAnswersStatusDecides(t *testing.T) {
	tests := []struct {
		status int
		again  bool
		code   string
	}{
		{200, false, ""}, {204, false, ""},
		{301, false, "SDK_CLIENT_ERROR"}, {400, false, "SDK_CLIENT_ERROR"}, {401, false, "SDK_CLIENT_ERROR"}, {403, false, "SDK_CLIENT_ERROR"}, {404, false, "SDK_CLIENT_ERROR"},
		{409, true, "SDK_CLIENT_ERROR"}, {429, true, "THROTTLING"}, {500, true, "SDK_CLIENT_ERROR"}, {503, true, "SDK_CLIENT_ERROR"}, {599, true, "SDK_CLIENT_ERROR"},
	}
	now := clock.NewFake(time.Now())
	w := newWorld(t, signalboxtest.WithClock(now))
	e := newEndpoint(t)
	letters := w.calls(w.connection("c", basic("user", "hush")), e.URL, func(to *types.Target) {
		to.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(1)}
	})
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			w.t = t
			e.answers(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				fmt.Fprint(w, r.Header.Get("Authorization"))
			})
			id := *w.put(entry("default", "shop", "order", `{}`)).Entries[0].EventId
			e.next(t)
			if test.again {
				w.again(now, 1)
				e.next(t)
			}
			if test.code == "" {
				w.empty(letters)
				return
			}
			d := w.dead(letters)
			want := map[string]string{
				"ERROR_CODE": test.code, "ERROR_MESSAGE": fmt.Sprintf("Unable to invoke ApiDestination endpoint: API destination returned HTTP status %d.", test.status),
				"RULE_ARN": "arn:aws:events:us-east-1:000000000000:rule/r", "TARGET_ARN": d.attributes["TARGET_ARN"], "RETRY_ATTEMPTS": "0",
			}
			if test.again {
				want["RETRY_ATTEMPTS"], want["EXHAUSTED_RETRY_CONDITION"] = "1", "MaximumRetryAttempts"
			}
			if fmt.Sprint(d.attributes) != fmt.Sprint(want) || !strings.HasPrefix(d.attributes["TARGET_ARN"], "arn:aws:events:us-east-1:000000000000:api-destination/d/") {
				t.Errorf("dead letter = %v\nwant          %v", d.attributes, want)
			}
			if !strings.Contains(d.body, `"id":"`+id+`"`) {
				t.Errorf("the dead letter is %s, want the event %s", d.body, id)
			}
			e.quiet(t)
		})
	}
}

func TestAnEndpointThatDoesNotAnswerTimesOutAfterFiveSeconds(t *testing.T) {
	now := clock.NewFake(time.Now())
	w := newWorld(t, signalboxtest.WithClock(now))
	e := newEndpoint(t)
	held := make(chan struct{})
	e.answers(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // the caller hangs up
		held <- struct{}{}
	})
	letters := w.calls(w.connection("c", basic("user", "hush")), e.URL, func(to *types.Target) {
		to.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}
	})
	w.put(entry("default", "shop", "order", `{}`))
	e.next(t)
	now.Advance(4900 * time.Millisecond)
	w.empty(letters)
	select {
	case <-held:
		t.Error("the caller hung up before its time")
	default:
	}
	now.Advance(100 * time.Millisecond)
	<-held
	if d := w.dead(letters); d.attributes["ERROR_CODE"] != "TIMEOUT" || !strings.HasPrefix(d.attributes["ERROR_MESSAGE"], "Unable to invoke ApiDestination endpoint: Timeout calling endpoint") {
		t.Errorf("dead letter = %v", d.attributes)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	now := clock.NewFake(time.Now().Truncate(time.Second))
	for name, header := range map[string]func() string{
		"in seconds":  func() string { return "100" },
		"as a moment": func() string { return now.Now().Add(100 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, signalboxtest.WithClock(now))
			e := newEndpoint(t)
			e.answers(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", header())
				w.WriteHeader(503)
			})
			w.calls(w.connection("c", basic("user", "hush")), e.URL, nil)
			w.put(entry("default", "shop", "order", `{}`))
			e.next(t)
			e.answers(nil)
			w.until("the failure is recorded", func() bool { return w.retries("r", "t") == 1 })
			for range 99 {
				now.Advance(time.Second)
			}
			w.until("all is quiet", func() bool { return w.retries("r", "t") == 1 })
			e.quiet(t)
			now.Advance(2 * time.Second)
			e.next(t)
		})
	}
}

func TestWhatLeadsNowhereIsADeadLetterAtOnce(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	connection := w.connection("c", basic("user", "hush"))
	letters := w.calls(connection, e.URL, nil)
	check := func(code, text string) {
		t.Helper()
		w.put(entry("default", "shop", "order", `{}`))
		d := w.dead(letters)
		if d.attributes["ERROR_CODE"] != code || !strings.Contains(d.attributes["ERROR_MESSAGE"], text) || d.attributes["RETRY_ATTEMPTS"] != "0" || d.attributes["EXHAUSTED_RETRY_CONDITION"] != "" {
			t.Errorf("dead letter = %v, want %s: …%s…", d.attributes, code, text)
		}
	}
	must(w.events.DeauthorizeConnection(w.ctx, &eventbridge.DeauthorizeConnectionInput{Name: aws.String("c")}))(t)
	check("NO_PERMISSIONS", "is not authorized")
	must(w.events.DeleteConnection(w.ctx, &eventbridge.DeleteConnectionInput{Name: aws.String("c")}))(t)
	check("NO_RESOURCE", "connection")
	must(w.events.DeleteApiDestination(w.ctx, &eventbridge.DeleteApiDestinationInput{Name: aws.String("d")}))(t)
	check("NO_RESOURCE", "API destination")
	e.quiet(t)
}

func TestAnEndpointThatCannotBeReachedIsTriedAgainAlsoAfterARestart(t *testing.T) {
	now := clock.NewFake(time.Now())
	w := newWorld(t, signalboxtest.WithClock(now))
	e := newEndpoint(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	connection := w.connection("c", basic("user", "hush"))
	letters := w.calls(connection, gone.URL, nil)
	w.put(numbered("default", "shop", 0, 5)...)
	w.until("all have failed", func() bool { return w.retries("r", "t") == 5 })
	w.Restart()
	must(w.events.UpdateApiDestination(w.ctx, &eventbridge.UpdateApiDestinationInput{Name: aws.String("d"), InvocationEndpoint: &e.URL}))(t)
	now.Advance(2 * time.Second)
	got := map[string]bool{}
	for len(got) < 5 {
		c := e.next(t)
		got[c.body] = true
	}
	w.empty(letters)
}

func TestTheRateOfADestinationIsKept(t *testing.T) {
	const rate, waiting = 20, 60
	w := newWorld(t)
	e, free := newEndpoint(t), newEndpoint(t)
	connection := w.connection("c", basic("user", "hush"))
	slow := withRole(target("slow", w.destination("slow", connection, e.URL, rate)))
	fast := withRole(target("fast", w.destination("fast", connection, free.URL, 300)))
	url, queue := w.queue("q")
	w.rule("default", "r", shopPattern, slow, fast, target("queue", queue))
	for from := 0; from < 500; from += 10 {
		w.put(numbered("default", "shop", from, from+10)...)
	}
	for n := 0; n < 500; {
		n += len(w.receiveAll(url))
	}
	if n := len(e.calls); n > 3*rate {
		t.Errorf("when the queue had all, the slow destination had been called %d times", n)
	}
	var at []time.Time
	for len(at) < waiting {
		at = append(at, e.next(t).at)
	}
	slices.SortFunc(at, time.Time.Compare)
	most := 0
	for i := range at {
		n := 0
		for _, other := range at[i:] {
			if other.Sub(at[i]) < time.Second {
				n++
			}
		}
		most = max(most, n)
	}
	took := at[len(at)-1].Sub(at[0])
	t.Logf("%d calls in %v, at most %d in a second", len(at), took, most)
	if most > rate {
		t.Errorf("%d calls came within one second, want at most %d", most, rate)
	}
	if took > 2*waiting*time.Second/rate {
		t.Errorf("%d calls took %v at a rate of %d", waiting, took, rate)
	}
	// The other 440 go at once when the rate is raised.
	must(w.events.UpdateApiDestination(w.ctx, &eventbridge.UpdateApiDestinationInput{Name: aws.String("slow"), InvocationRateLimitPerSecond: aws.Int32(300)}))(t)
	begin := time.Now()
	for range 100 {
		e.next(t)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("after the rate was raised to 300, 100 calls took %v", took)
	}
}

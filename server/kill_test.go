package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/signalbox/signalbox/server"
)

// TestMain makes this test binary a server where it was started as one, so that
// a test can kill it.
func TestMain(m *testing.M) {
	if data := os.Getenv("SIGNALBOX_TEST_SERVE"); data != "" {
		s, err := server.Start(context.Background(), server.Config{
			Listen: os.Getenv("SIGNALBOX_TEST_LISTEN"), Data: data,
			Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.Addr())
		select {} // until it is killed
	}
	os.Exit(m.Run())
}

// victim is a server in a process of its own.
type victim struct {
	t            *testing.T
	data, listen string
	process      *exec.Cmd
}

func (v *victim) start() {
	v.t.Helper()
	v.process = exec.Command(os.Args[0])
	v.process.Env = append(os.Environ(), "SIGNALBOX_TEST_SERVE="+v.data, "SIGNALBOX_TEST_LISTEN="+v.listen)
	v.process.Stderr = v.t.Output()
	out, err := v.process.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := v.process.Start(); err != nil {
		v.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		v.t.Fatalf("the server did not start: %v", err)
	}
	v.listen = strings.TrimSpace(line)
}

func (v *victim) kill() {
	_ = v.process.Process.Kill()
	_ = v.process.Wait()
}

// receiver is an HTTP target that counts how often each event came, and fails
// now and then so that retries are under way when the server is killed.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex // guards came
	came map[string]int
}

func newReceiver() *receiver {
	r := &receiver{came: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var event struct {
			Detail struct{ N string }
		}
		body, _ := io.ReadAll(q.Body)
		if json.Unmarshal(body, &event) != nil || event.Detail.N == "" {
			http.Error(w, "no event", http.StatusBadRequest)
			return
		}
		if rand.IntN(20) == 0 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.came[event.Detail.N]++
	}))
	return r
}

// missing counts those of the acknowledged events that did not come yet.
func (r *receiver) missing(acknowledged []string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range acknowledged {
		if r.came[id] == 0 {
			n++
		}
	}
	return n
}

func (r *receiver) duplicates() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, times := range r.came {
		n += times - 1
	}
	return n
}

// SIGNALBOX_ROUNDS is how often the server is killed; `make crash` sets it to 200.
func TestEveryAcknowledgedEventReachesItsTargetWhateverIsKilled(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("SIGNALBOX_ROUNDS"))
	if rounds == 0 {
		rounds = 4
	}
	target := newReceiver()
	defer target.Close()
	v := &victim{t: t, data: t.TempDir(), listen: "127.0.0.1:0"}
	v.start()
	defer func() { v.kill() }()
	events := eventbridge.New(eventbridge.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + v.listen), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	subscribe(t, events, target.URL)

	var mu sync.Mutex // guards acknowledged
	var acknowledged []string
	for round := range rounds {
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for writer := range 4 {
			writers.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					id := fmt.Sprintf("%d-%d-%d", round, writer, i)
					out, err := events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
						Source: aws.String("test"), DetailType: aws.String("t"), Detail: aws.String(`{"N":"` + id + `"}`),
					}}})
					if err != nil || out.FailedEntryCount > 0 {
						continue // not acknowledged
					}
					mu.Lock()
					acknowledged = append(acknowledged, id)
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(20+rand.IntN(200)) * time.Millisecond) // the random moment
		v.kill()
		stop()
		writers.Wait()
		v.start()
	}
	for patience, before := 600, -1; patience > 0; patience-- { // a minute without an event
		missing := target.missing(acknowledged)
		if missing == 0 {
			break
		}
		if missing != before {
			patience, before = 600, missing
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("%d rounds: %d events acknowledged, %d did not come, %d came again", rounds, len(acknowledged), target.missing(acknowledged), target.duplicates())
	if n := target.missing(acknowledged); n > 0 || len(acknowledged) == 0 {
		t.Errorf("%d of %d acknowledged events did not reach the target", n, len(acknowledged))
	}
}

func subscribe(t *testing.T, events *eventbridge.Client, url string) {
	t.Helper()
	connection, err := events.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("x"), ApiKeyValue: aws.String("y")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	destination, err := events.CreateApiDestination(t.Context(), &eventbridge.CreateApiDestinationInput{
		Name: aws.String("d"), ConnectionArn: connection.ConnectionArn, InvocationEndpoint: &url, HttpMethod: types.ApiDestinationHttpMethodPost,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["test"]}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String("r"), Targets: []types.Target{{
			Id: aws.String("t"), Arn: destination.ApiDestinationArn, RoleArn: aws.String("arn:aws:iam::000000000000:role/r"),
		}},
	}); err != nil {
		t.Fatal(err)
	}
}

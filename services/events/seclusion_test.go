package events_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/services/events/apidestination"
	"github.com/signalbox/signalbox/signalboxtest"
)

func TestWhatIsPrivateIsNotCalledInProduction(t *testing.T) {
	for address, private := range map[string]bool{
		"127.0.0.1": true, "::1": true, "169.254.169.254": true, "fe80::1": true, "fd00:ec2::254": true, "0.0.0.0": true, "::": true, "224.0.0.1": true,
		"10.0.0.1": false, "93.184.216.34": false, "2606:2800:220:1::1": false,
	} {
		if got := apidestination.PrivateAddress(netip.MustParseAddr(address)); got != private {
			t.Errorf("%s is private: %v, want %v", address, got, private)
		}
	}
	e := newEndpoint(t)
	for _, url := range []string{e.URL, strings.Replace(e.URL, "127.0.0.1", "localhost", 1), strings.Replace(e.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		if response, err := apidestination.NewClient(apidestination.PrivateAddress).Get(url); err == nil {
			response.Body.Close()
			t.Errorf("%s was called", url)
		}
	}
	e.quiet(t)
	if response, err := apidestination.NewClient(nil).Get(e.URL); err != nil {
		t.Error(err)
	} else {
		response.Body.Close()
	}
}

func TestPutEventsDoesNotWaitForASlowDestination(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	release := make(chan struct{})
	e.answers(func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	w.calls(w.connection("c", basic("u", "p")), e.URL, nil)
	w.put(entry("default", "shop", "order", `{}`))
	e.next(t) // it hangs there
	begin := time.Now()
	for range 20 {
		w.put(entry("default", "shop", "order", `{}`))
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("twenty calls took %v", took)
	}
}

// written is a log that a test reads.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *written) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func TestNeitherLogsNorJourneysHoldSecrets(t *testing.T) {
	log := new(written)
	w := newWorld(t, signalboxtest.With(func(c *server.Config) {
		c.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))
	e := newEndpoint(t)
	e.answers(func(w http.ResponseWriter, r *http.Request) { // an endpoint that tells all
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.WriteHeader(418)
		fmt.Fprint(w, r.URL, r.Header, string(body))
	})
	in := basic("user", "hush-password")
	in.AuthParameters.InvocationHttpParameters = invocation()
	letters := w.calls(w.connection("c", in), e.URL, func(to *types.Target) {
		to.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}
	})
	var ids []string
	ids = append(ids, *w.put(entry("default", "shop", "order", `{}`)).Entries[0].EventId)
	told := fmt.Sprint(w.dead(letters))
	e.Close() // and one that cannot be reached
	ids = append(ids, *w.put(entry("default", "shop", "order", `{}`)).Entries[0].EventId)
	told += fmt.Sprint(w.dead(letters))
	for _, id := range ids {
		w.until("the journey is told to its end", func() bool {
			response, err := http.Get(w.URL() + console.Path + "api/trace/" + id)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			journey, _ := io.ReadAll(response.Body)
			if !strings.Contains(string(journey), "INVOCATION_DLQ") {
				return false
			}
			told += string(journey)
			return true
		})
	}
	w.Restart()
	log.mu.Lock()
	defer log.mu.Unlock()
	told += log.text.String()
	for _, secret := range []string{"hush", "aHVzaC", "dXNlcjpodXNo"} { // also in base64
		if i := strings.Index(told, secret); i >= 0 {
			t.Errorf("a secret is told: …%.200s", told[max(0, i-100):])
		}
	}
}

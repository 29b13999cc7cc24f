package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/server"
)

// start starts a server and returns the address of its console's API.
func start(t *testing.T) (api string) {
	t.Helper()
	s, err := server.Start(t.Context(), server.Config{Listen: "127.0.0.1:0", Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s.URL() + console.Path + "api/"
}

func ask(t *testing.T, method, url, kind, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

// put puts an event on the default bus and returns its id.
func put(t *testing.T, api string) string {
	t.Helper()
	root := strings.TrimSuffix(api, console.Path+"api/")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, root+"/", strings.NewReader(
		`{"Entries":[{"Source":"shop","DetailType":"Hello","Detail":"{\"n\":1}"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	var out struct{ Entries []struct{ EventId string } }
	if err := json.NewDecoder(got.Body).Decode(&out); err != nil || len(out.Entries) != 1 {
		t.Fatalf("%v: %v", out, err)
	}
	return out.Entries[0].EventId
}

func TestBadRequestsAreRefusedWithAReason(t *testing.T) {
	api := start(t)
	const kind = "application/json"
	for name, c := range map[string]struct {
		method, path, kind, body string
		status                   int
		says                     string
	}{
		"a path that is none":               {"GET", "nothing", "", "", 404, "there is no GET /_signalbox/api/nothing"},
		"a method that does not fit":        {"GET", "redrive", "", "", 404, "there is no GET"},
		"a form that a web page can send":   {"POST", "redrive", "text/plain", `{"queue":"q"}`, 415, "application/json"},
		"a body that is no JSON":            {"POST", "explain", kind, `{`, 400, "reading the request"},
		"an explanation of no rule":         {"POST", "explain", kind, `{}`, 400, "rule is missing"},
		"an explanation of an unknown rule": {"POST", "explain", kind, `{"rule":"x","event":{}}`, 400, "Rule x does not exist"},
		"an event that is unknown":          {"POST", "explain", kind, `{"rule":"x","eventId":"1"}`, 404, "no event bus has the event 1"},
		"a redrive of no queue":             {"POST", "redrive", kind, `{}`, 400, "queue is missing"},
		"a redrive of less than nothing":    {"POST", "redrive", kind, `{"queue":"q","max":-1}`, 400, "max is negative"},
		"a redrive of an unknown queue":     {"POST", "redrive", kind, `{"queue":"q"}`, 400, "QueueDoesNotExist"},
		"an overview of an unknown bus":     {"GET", "overview?bus=x", "", "", 404, "no event bus x"},
		"a live view of an unknown bus":     {"GET", "events?bus=x", "", "", 400, "x does not exist"},
		"a pattern that is none":            {"GET", "events?pattern=%7B", "", "", 400, "Event pattern is not valid"},
		"a time that is none":               {"GET", "events?since=noon", "", "", 400, "since is no time"},
		"a journey of an unknown event":     {"GET", "trace/1", "", "", 404, "no event bus has the event 1"},
		"a body that is too large":          {"POST", "explain", kind, strings.Repeat(" ", 5<<20), 413, "TooLarge"},
	} {
		status, answer := ask(t, c.method, api+c.path, c.kind, c.body)
		var e struct{ Error console.Error }
		if err := json.Unmarshal([]byte(answer), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
			t.Errorf("%s: not an error: %s", name, answer)
		}
		if status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%s: status %d, %s", name, status, answer)
		}
	}
}

func TestLiveEventsComeAsServerSentEventsToWhomAcceptsThose(t *testing.T) {
	api := start(t)
	id := put(t, api)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"events?since=2026-01-31T12:00:00Z", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if kind := got.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("the Content-Type is %s", kind)
	}
	lines := bufio.NewScanner(got.Body)
	lines.Scan()
	text, isEvent := strings.CutPrefix(lines.Text(), "data: ")
	var seen struct{ Event struct{ ID string } }
	if err := json.Unmarshal([]byte(text), &seen); !isEvent || err != nil || seen.Event.ID != id {
		t.Errorf("%q is not the event %s: %v", lines.Text(), id, err)
	}
	if lines.Scan(); lines.Text() != "" {
		t.Errorf("after the event comes %q", lines.Text())
	}
}

func TestOverviewTellsOfAllAccountsAndRegionsUnlessFiltered(t *testing.T) {
	api := start(t)
	put(t, api)
	for query, want := range map[string]int{"": 1, "?account=000000000000": 1, "?account=111111111111": 0, "?region=us-east-1": 1, "?region=eu-west-1": 0, "?bus=default": 1} {
		status, answer := ask(t, http.MethodGet, api+"overview"+query, "", "")
		var o console.Overview
		if err := json.Unmarshal([]byte(answer), &o); status != http.StatusOK || err != nil {
			t.Errorf("overview%s: %d %s", query, status, answer)
			continue
		}
		if len(o.Buses) != want {
			t.Errorf("overview%s has %d buses, not %d", query, len(o.Buses), want)
		}
	}
}

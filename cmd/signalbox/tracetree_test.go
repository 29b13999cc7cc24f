package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/trace"
)

// journeyOfAnOrder is what follows what in the order and carrier example.
var journeyOfAnOrder = []struct {
	kind trace.Kind
	name string // that it contains
}{
	{trace.Request, "/orders"}, {trace.Invocation, "create-order"}, {trace.Call, "dynamodb:PutItem"}, {trace.Pipe, "dynamodb-orders-stream"},
	{trace.Event, "dynamodb-orders-stream"}, {console.Delivery, "rule/orders/order-created"}, {trace.Destination, "POST http://"},
	{trace.Request, "lambda-url"}, {trace.Invocation, "carrier"}, {trace.Request, "/confirm-shipment"}, {trace.Event, "carrier.order_shipped"},
	{console.Delivery, "rule/orders/order-shipped"}, {trace.Invocation, "confirm-shipment"}, {trace.Call, "dynamodb:UpdateItem"},
	{trace.Pipe, "dynamodb-orders-stream"}, {trace.Event, "dynamodb-orders-stream"},
}

// follow goes as far as it can along the journey and returns what it met.
func follow(nodes []*console.Node, i int) (met []*console.Node) {
	if i == len(journeyOfAnOrder) {
		return nil
	}
	for _, n := range nodes {
		if n.Kind == journeyOfAnOrder[i].kind && strings.Contains(n.Name, journeyOfAnOrder[i].name) {
			if rest := append([]*console.Node{n}, follow(n.Calls, i+1)...); len(rest) > len(met) {
				met = rest
			}
		}
	}
	return met
}

func TestTraceTellsTheWholeJourneyOfAnOrder(t *testing.T) {
	env, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Skip("Go is not installed")
	}
	caches := strings.Fields(string(env))
	s, err := server.Start(t.Context(), server.Config{Listen: "127.0.0.1:0", Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	run := func(args ...string) string {
		t.Helper()
		c := signalbox(t, append(args, "--endpoint", s.URL())...)
		c.Env = append(c.Env, "GOCACHE="+caches[0], "GOMODCACHE="+caches[1])
		out, err := c.Output()
		if err != nil {
			var why string
			if e, ok := err.(*exec.ExitError); ok {
				why = string(e.Stderr)
			}
			t.Fatalf("signalbox %v: %v\n%s%s", args, err, out, why)
		}
		return string(out)
	}
	var stack struct{ Outputs map[string]string }
	if err := json.Unmarshal([]byte(run("deploy", "../../examples/order-shipping/template.yaml", "-s", "orders", "--capability", "CAPABILITY_IAM", "-o", "json")), &stack); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(stack.Outputs["OrdersApiGatewayUrl"]+"/orders", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	header := answer.Header.Get("X-Amzn-Trace-Id")
	if answer.StatusCode != http.StatusOK || header == "" {
		t.Fatalf("%s, trace %q", answer.Status, header)
	}
	var met []*console.Node
	var last string
	for try := 0; len(met) < len(journeyOfAnOrder); try++ {
		if try == maxTries {
			t.Fatalf("the journey ends after %d of %d:\n%s", len(met), len(journeyOfAnOrder), run("trace", header))
		}
		var tr console.Trace
		last = run("trace", header, "-o", "json")
		if err := json.Unmarshal([]byte(last), &tr); err != nil {
			t.Fatal(err)
		}
		met = follow(tr.Tree, 0)
	}
	for _, n := range met {
		if n.Error != "" || n.Status >= http.StatusBadRequest {
			t.Errorf("%s %s: %d %s", n.Kind, n.Name, n.Status, n.Error)
		}
	}
	// Each id in it shows the same.
	tree := run("trace", met[0].Request)
	for _, id := range []string{strings.TrimPrefix(strings.SplitN(header, ";", 2)[0], "Root="), met[1].Request, met[12].Request} {
		if got := run("trace", id); cutAgo(got) != cutAgo(tree) {
			t.Errorf("by %s it is\n%s\nand not\n%s", id, got, tree)
		}
	}
	for _, id := range []string{met[4].EventID, met[10].EventID} {
		if got := run("trace", id); strings.Count(got, "└ ► event ") != 1 || !strings.Contains(got, "└ function create-order\n") || !strings.Contains(got, "EVENT_RECEIPT") {
			t.Errorf("by the event %s it is\n%s", id, got)
		}
	}
	t.Logf("\n%s", tree)
}

// cutAgo leaves out how long ago a trace began.
func cutAgo(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

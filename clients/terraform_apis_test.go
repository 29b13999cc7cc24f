package clients

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/signalboxtest"
)

func TestTerraformKeepsAPIs(t *testing.T) {
	t.Parallel() // it waits for most of its time
	box := signalboxtest.Start(t)
	tf := newTerraform(t, "apis", box.URL())
	tf.apply()
	tf.clean()
	for revision, vars := range [][]string{nil, {"-var=revision=2"}} {
		if revision == 1 {
			out := tf.run(append(append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, tf.vars...), vars...)...)
			for line := range strings.Lines(out) { // a deployment is what it is: another one takes its place
				if strings.Contains(line, "must be replaced") && !strings.Contains(line, "aws_api_gateway_deployment") {
					t.Errorf("an update was no update in place: %s", line)
				}
			}
			tf.clean(vars...)
		}
		ask := func(method, path, body string, headers ...string) string {
			return request(t, method, box.URL()+"/_aws/execute-api/"+path, body, headers...)
		}
		id, pieces, api, key := tf.output("rest_id"), tf.output("pieces_id"), tf.output("http_id"), tf.output("key")
		for got, want := range map[string]string{
			ask("POST", id+"/prod/confirm-shipment", `{"order_id":"o","shipped_at":"now"}`): `"FailedEntryCount":0`,
			ask("POST", id+"/prod/confirm-shipment", `{}`):                                  `{"message":"Invalid request body"}`,
			ask("PUT", pieces+"/v1/things/7", `{"name":"n"}`):                               `401 {"error":"Forbidden", "revision": ` + string(rune('1'+revision)) + `}`,
			ask("PUT", pieces+"/v1/things/7", `{"name":"n"}`, "X-Api-Key: "+key, "X-Id: 1"): `200 {"revision": ` + string(rune('1'+revision)) + `}`,
			ask("POST", api+"/orders", `{}`):                                                `MessageId`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("revision %d: %s; want %s", revision+1, got, want)
			}
		}
	}
	tf.destroy("-var=revision=2")
}

// output is one of the configuration's outputs; warnings may stand before it.
func (tf *terraform) output(name string) string {
	tf.t.Helper()
	out := strings.TrimSpace(tf.run("output", "-raw", name))
	return out[strings.LastIndexByte(out, '\n')+1:]
}

// request sends a request with JSON and returns status and body.
func request(t *testing.T, method, url, body string, headers ...string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status[:3] + " " + string(text)
}

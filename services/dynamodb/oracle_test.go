package dynamodb_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/items"
	"github.com/signalbox/signalbox/services/dynamodb/oracle/answer"
	"github.com/signalbox/signalbox/wire"
)

// reworded is how many of the kept questions have several faults, of which
// another one is told first than DynamoDB Local tells.
const reworded = 150

// The questions and DynamoDB Local's answers were kept by
//
//	go run ./services/dynamodb/oracle -n 6000 -seed 41 -save services/dynamodb/testdata/oracle.jsonl.gz
func TestTheAnswersThatDynamoDBLocalGave(t *testing.T) {
	b := start(t)
	f, err := os.Open("testdata/oracle.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	service := dynamodb.NewService(items.New(b.service))
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 4<<20)
	n, wording := 0, 0
	for lines.Scan() {
		var c struct {
			Op     string          `json:"op"`
			Input  json.RawMessage `json:"input"`
			Answer answer.Answer   `json:"answer"`
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		var input map[string]any
		if err := json.Unmarshal(c.Input, &input); err != nil {
			t.Fatal(err)
		}
		got, err := answer.Whole(t.Context(), func(op string, body []byte) (answer.Answer, error) { return ask(t, service, op, body), nil }, c.Op, c.Input)
		if err != nil {
			t.Fatal(err)
		}
		switch answer.Compare(c.Op, input, got, c.Answer) {
		case answer.Wording:
			wording++
		case answer.Differs:
			have, _ := json.Marshal(got)
			want, _ := json.Marshal(c.Answer)
			t.Errorf("question %d: %s %s\n got %s\nwant %s", n, c.Op, c.Input, have, want)
		}
		n++
	}
	if err := lines.Err(); err != nil || n < 6000 {
		t.Errorf("%d questions, %v", n, err)
	}
	if wording > reworded {
		t.Errorf("%d questions are refused in other words, want %d at most", wording, reworded)
	}
}

func ask(t testing.TB, w *wire.Service, op string, body []byte) answer.Answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+op)
	rec := httptest.NewRecorder()
	w.Serve(rec, r, bytes.Clone(body), &wire.Request{Account: account, Region: region})
	a, err := answer.Parse(rec.Code, rec.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

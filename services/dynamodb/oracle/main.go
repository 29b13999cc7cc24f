// Command oracle asks Signalbox's tables and DynamoDB Local the same random
// questions, and compares the answers.
//
//	go run ./services/dynamodb/oracle [-jars DIR] [-n 20000] [-seed 1]
//	go run ./services/dynamodb/oracle -local http://localhost:8000
//	go run ./services/dynamodb/oracle -n 3000 -save services/dynamodb/testdata/oracle.jsonl.gz
//
// DIR holds DynamoDBLocal (Maven Central, com.amazonaws:DynamoDBLocal) with all
// it depends on; where it does not yet, Maven fetches it. Java 17 runs it.
// With -save, the questions and DynamoDB Local's answers are kept, for the
// test that asks them again without Java.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/items"
	"github.com/signalbox/signalbox/services/dynamodb/oracle/answer"
	"github.com/signalbox/signalbox/services/dynamodb/oracle/dynamolocal"
	"github.com/signalbox/signalbox/services/dynamodb/oracle/workload"
	"github.com/signalbox/signalbox/wire"
)

func main() {
	jars := flag.String("jars", dynamolocal.Dir, "`directory` of DynamoDB Local's jars; they are fetched where it has none")
	url := flag.String("local", "", "address of a DynamoDB Local that runs already")
	n := flag.Int("n", 20000, "how many questions")
	seed := flag.Uint64("seed", 1, "of the questions")
	save := flag.String("save", "", "file to keep the questions and answers in")
	show := flag.Int("show", 20, "how many differences to print")
	words := flag.Bool("words", false, "print which words differ, and how often")
	flag.Parse()
	if err := run(*jars, *url, *n, *seed, *save, tally{show: *show, words: *words}); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(jars, url string, n int, seed uint64, save string, t tally) error {
	ctx := context.Background()
	if url == "" {
		if err := dynamolocal.Fetch(ctx, jars); err != nil {
			return err
		}
		local, err := dynamolocal.Start(ctx, dynamolocal.Options{Jars: jars})
		if err != nil {
			return err
		}
		defer local.Stop()
		url = local.URL()
	}
	ours, stop, err := signalbox(ctx)
	if err != nil {
		return err
	}
	defer stop()
	theirs := remote(url)
	maker := workload.New(seed)
	questions := maker.Tables()
	for range n {
		questions = append(questions, maker.Next())
	}
	var kept []Case
	for i, q := range questions {
		body, err := json.Marshal(q.Input)
		if err != nil {
			return err
		}
		a, err := answer.Whole(ctx, ours, q.Op, body)
		if err != nil {
			return err
		}
		b, err := answer.Whole(ctx, theirs, q.Op, body)
		if err != nil {
			return err
		}
		t.count(i, q, body, a, b)
		kept = append(kept, Case{q.Op, body, b})
	}
	fmt.Printf("%d questions: %d answered alike, %d refused alike, %d refused in other words, %d differ\n",
		len(questions), t.same, t.refused, t.wording, t.differ)
	if t.words {
		for _, pair := range slices.SortedFunc(maps.Keys(t.pairs), func(a, b string) int { return t.pairs[b] - t.pairs[a] }) {
			fmt.Printf("%5d  %s\n", t.pairs[pair], pair)
		}
	}
	if save != "" {
		return write(save, kept)
	}
	if t.differ > 0 {
		return fmt.Errorf("%d answers differ", t.differ)
	}
	return nil
}

// Case is a question with DynamoDB Local's answer.
type Case struct {
	Op     string          `json:"op"`
	Input  json.RawMessage `json:"input"`
	Answer answer.Answer   `json:"answer"`
}

type tally struct {
	show                           int // differences yet to be printed
	words                          bool
	pairs                          map[string]int // of messages
	same, refused, wording, differ int
}

func (t *tally) count(i int, q workload.Request, body []byte, a, b answer.Answer) {
	switch v := answer.Compare(q.Op, q.Input, a, b); v {
	case answer.Same:
		if a.Error == "" {
			t.same++
		} else {
			t.refused++
		}
		return
	case answer.Wording:
		t.wording++
		if t.pairs == nil {
			t.pairs = map[string]int{}
		}
		t.pairs[fmt.Sprintf("signalbox:      %s\n       dynamodb local: %s", answer.Words(a), answer.Words(b))]++
		return
	default:
		t.differ++
	}
	if t.show--; t.show >= 0 {
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		fmt.Printf("#%d %s %s\n  signalbox:      %s\n  dynamodb local: %s\n", i, q.Op, body, x, y)
	}
}

func write(path string, cases []Case) error {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	enc := json.NewEncoder(z)
	for _, c := range cases {
		if err := enc.Encode(c); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// signalbox asks our own tables, in memory.
func signalbox(ctx context.Context) (answer.Asker, func(), error) {
	e, err := local.Open("data", local.Options{FS: vfs.NewMem(), Clock: clock.Real()})
	if err != nil {
		return nil, nil, err
	}
	s, err := dynamodb.New(ctx, e, clock.Real(), dynamodb.Options{})
	if err != nil {
		return nil, nil, err
	}
	w := dynamodb.NewService(items.New(s))
	ask := func(op string, body []byte) (answer.Answer, error) {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+op)
		rec := httptest.NewRecorder()
		w.Serve(rec, r, body, &wire.Request{Account: "000000000000", Region: "us-east-1"})
		return answer.Parse(rec.Code, rec.Body.Bytes())
	}
	return ask, func() { _ = s.Close(ctx); _ = e.Close() }, nil
}

func remote(url string) answer.Asker {
	return func(op string, body []byte) (answer.Answer, error) {
		r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return answer.Answer{}, err
		}
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+op)
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=oracle"+strconv.Itoa(os.Getpid())+"/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return answer.Answer{}, err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return answer.Answer{}, err
		}
		return answer.Parse(resp.StatusCode, text)
	}
}

// Oracle asks Apache Velocity, with API Gateway's $input, $util, $context and
// $stageVariables, what templates give, and writes its answers into the tables
// that the tests read:
//
//	go run ./vtl/oracle vtl/testdata/velocity.jsonl services/apigateway/mapping/testdata/mapping.jsonl
//
// Each line of a table is a JSON object: a template, its inputs, and its output
// or error. Only the last two are written. It needs Java, Maven and, for the
// first run, the network. With -check nothing is written, and a difference
// fails.
//
// With -n it asks so many random questions instead and reports where Velocity
// and package vtl differ; with -record it adds to a table some of those on
// which both agree:
//
//	go run ./vtl/oracle -n 20000 -seed 7
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// row is a line of a table.
type row struct {
	Template string          `json:"template"`
	Vars     json.RawMessage `json:"vars,omitempty"`
	Request  json.RawMessage `json:"request,omitempty"`
	Output   *string         `json:"output,omitempty"`
	Error    string          `json:"error,omitempty"`
}

func main() {
	check := flag.Bool("check", false, "write nothing; fail where Velocity answers otherwise than the table")
	n := flag.Int("n", 0, "how many random questions to ask")
	seed := flag.Uint64("seed", 1, "seed of the random questions")
	show := flag.Int("show", 10, "how many differences to show")
	record := flag.Int("record", 0, "how many random questions that both agree on to add to the tables: of the language, then with $input and $util")
	flag.Parse()
	if *n > 0 {
		if err := compare(*n, *seed, *show, *record, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "oracle:", err)
			os.Exit(1)
		}
		return
	}
	for _, table := range flag.Args() {
		if err := run(table, *check); err != nil {
			fmt.Fprintln(os.Stderr, "oracle:", err)
			os.Exit(1)
		}
	}
}

func run(table string, check bool) error {
	before, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	rows, err := read(before)
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	if err := ask(rows); err != nil {
		return err
	}
	var after bytes.Buffer
	e := json.NewEncoder(&after)
	e.SetEscapeHTML(false)
	for i := range rows {
		if err := e.Encode(&rows[i]); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d templates\n", table, len(rows))
	switch {
	case !check:
		return os.WriteFile(table, after.Bytes(), 0o644)
	case !bytes.Equal(before, after.Bytes()):
		return errors.New(table + " is not what Velocity answers")
	}
	return nil
}

func read(data []byte) (rows []row, err error) {
	for line := range bytes.Lines(data) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// ask fills in the answers. The Java side is built in the user's cache directory.
func ask(rows []row) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(cache, "signalbox-vtl-oracle")
	script := filepath.Join("vtl", "oracle", "java", "build.sh")
	build := exec.Command("sh", script, dir)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the oracle with %s: %w", script, err)
	}
	java := exec.Command("java", "-cp", filepath.Join(dir, "classes")+":"+filepath.Join(dir, "lib", "*"), "Oracle")
	java.Stderr = os.Stderr
	var questions bytes.Buffer
	for _, r := range rows {
		r.Output, r.Error = nil, ""
		q, err := json.Marshal(r)
		if err != nil {
			return err
		}
		questions.Write(append(q, '\n'))
	}
	java.Stdin = &questions
	answers, err := java.Output()
	if err != nil {
		return fmt.Errorf("running java: %w", err)
	}
	s := bufio.NewScanner(bytes.NewReader(answers))
	s.Buffer(nil, 1<<20)
	for i := range rows {
		if !s.Scan() {
			return errors.New("the oracle answered too little")
		}
		rows[i].Output, rows[i].Error = nil, ""
		if err := json.Unmarshal(s.Bytes(), &rows[i]); err != nil {
			return err
		}
	}
	return nil
}

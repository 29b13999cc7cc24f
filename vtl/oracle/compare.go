package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/vtl"
)

// batch is how many questions Java is asked at once.
const batch = 5000

// compare asks n random questions, half of them with $input and $util.
func compare(n int, seed uint64, show, record int, tables []string) error {
	q := &questions{Rand: rand.New(rand.NewPCG(seed, 0))}
	agreed, refused, broken, different := 0, 0, 0, 0
	for _, mapped := range []bool{false, true} {
		q.mapped = mapped
		var kept []row
		for left := n / 2; left > 0; left -= batch {
			rows := make([]row, min(left, batch))
			for i := range rows {
				rows[i] = q.row()
			}
			if err := ask(rows); err != nil {
				return err
			}
			for _, r := range rows {
				got, err := render(r)
				switch {
				case r.Output == nil && breaks(&r):
					broken++
				case r.Output == nil && err != nil:
					refused++
				case r.Output != nil && err == nil && got == *r.Output:
					agreed++
					if len(kept) < record && len(r.Template) > 30 && len(r.Template) < 300 {
						kept = append(kept, r)
					}
				default:
					if different++; different <= show {
						report(r, got, err)
					}
				}
			}
		}
		if at := map[bool]int{false: 0, true: 1}[mapped]; record > 0 && len(tables) > at {
			if err := add(tables[at], kept); err != nil {
				return err
			}
		}
	}
	fmt.Printf("%d questions: %d with one output, %d refused by both, %d that break Velocity, %d different\n", agreed+refused+broken+different, agreed, refused, broken, different)
	if different > 0 {
		return errors.New("vtl and Velocity differ")
	}
	return nil
}

// breaks says whether Velocity fails by itself: over its own message for
// operands that are no numbers, over maps that change in a loop, over methods
// that its ranges do not have, and over a bracket right behind
// ${x.y()} or #set(…).
func breaks(r *row) bool {
	return strings.HasPrefix(r.Error, "Cannot read field") || r.Error == "null" || strings.Contains(r.Error, "IntegerRange") ||
		strings.HasPrefix(r.Error, `Encountered "["`)
}

func report(r row, got string, err error) {
	fmt.Printf("%q\n", r.Template)
	if r.Output == nil {
		fmt.Printf("  Velocity: error %s\n", r.Error)
	} else {
		fmt.Printf("  Velocity: %q\n", *r.Output)
	}
	if err != nil {
		fmt.Printf("  vtl:      error %v\n", err)
	} else {
		fmt.Printf("  vtl:      %q\n", got)
	}
}

// add appends questions to a table.
func add(table string, rows []row) error {
	data, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	b := bytes.NewBuffer(data)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for i := range rows {
		if err := e.Encode(&rows[i]); err != nil {
			return err
		}
	}
	return os.WriteFile(table, b.Bytes(), 0o644)
}

// render is what package vtl makes of a question.
func render(r row) (string, error) {
	t, err := vtl.Parse(r.Template)
	if err != nil {
		return "", err
	}
	vars, err := valuesOf(r.Vars)
	if err != nil {
		return "", err
	}
	if r.Request == nil {
		return t.Render(vars, vtl.Limits{})
	}
	var in struct {
		Body                      string
		Path, Querystring, Header map[string]string
		StageVariables            map[string]string
		Context                   json.RawMessage
	}
	if err := json.Unmarshal(r.Request, &in); err != nil {
		return "", err
	}
	context, err := vtl.DecodeJSON(in.Context)
	if err != nil {
		return "", err
	}
	x := &mapping.Exchange{Path: in.Path, Query: map[string][]string{}, Header: http.Header{}, Body: []byte(in.Body), Context: context.(*vtl.Map), StageVariables: in.StageVariables}
	for k, v := range in.Querystring {
		x.Query[k] = []string{v}
	}
	for k, v := range in.Header {
		x.Header.Set(k, v)
	}
	return x.RenderWith(t, vars)
}

func valuesOf(text []byte) (map[string]any, error) {
	v, err := vtl.DecodeJSON(text)
	if err != nil {
		return nil, err
	}
	vars := map[string]any{}
	for _, e := range plain(v).(*vtl.Map).Entries() {
		vars[e.Key.(string)] = e.Value
	}
	return vars, nil
}

// plain makes lists look as Java's own.
func plain(v any) any {
	switch v := v.(type) {
	case *vtl.List:
		v.JSON = false
		for _, item := range v.Items {
			plain(item)
		}
	case *vtl.Map:
		for _, e := range v.Entries() {
			plain(e.Value)
		}
	}
	return v
}

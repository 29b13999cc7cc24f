// Bench measures a whole Signalbox, the binary in a process of its own, from
// outside: over HTTP, signed, with fsync on. What it prints beside each figure
// is a baseline of the same machine in the same run (the bare engine's group
// commit, the same path without what is being measured), for absolute figures
// of a shared machine say little.
//
//	go run ./bench -signalbox bin/signalbox [-only put,sustain,latency,start,backlog,apis,tables]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/dynamodb/oracle/dynamolocal"
)

// run is what all measurements share.
type run struct {
	ctx     context.Context
	binary  string
	seconds time.Duration // of each measurement of a rate
	backlog int
	items   int    // of the large table
	jars    string // directory of DynamoDB Local
}

func main() {
	binary := flag.String("signalbox", "bin/signalbox", "the `binary` to measure")
	only := flag.String("only", "put,sustain,latency,start,backlog,functions,apis,tables", "which measurements, separated by commas")
	seconds := flag.Duration("time", 5*time.Second, "how long each rate is measured")
	backlog := flag.Int("backlog", 1_000_000, "how many events lie behind the dead target")
	items := flag.Int("items", 200_000, "how many items the large table has")
	jars := flag.String("jars", dynamolocal.Dir, "`directory` of DynamoDB Local's jars, fetched by Maven if it has none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := &run{ctx: ctx, binary: *binary, seconds: *seconds, backlog: *backlog, items: *items, jars: *jars}
	for _, m := range []struct {
		name, title string
		measure     func() error
	}{
		{"put", "PutEvents over HTTP, signed, fsync on, 64 connections, load on the same cores", r.put},
		{"sustain", "Events in, matched and delivered to a queue", r.sustain},
		{"latency", "PutEvents to the HTTP target's being called, 1,000 events/s", r.latency},
		{"start", "Start to ready, and resident memory", r.start},
		{"backlog", "Events behind a dead target, beside a live one", r.behind},
		{"functions", "Functions over HTTP, signed, one after another and a thousand at once", r.functions},
		{"apis", "Requests to APIs, 16 connections, load on the same cores", r.apis},
		{"tables", "Tables over HTTP, signed, fsync on, 64 connections, load on the same cores", r.tables},
	} {
		if !slices.Contains(strings.Split(*only, ","), m.name) {
			continue
		}
		fmt.Printf("%s\n", m.title)
		if err := m.measure(); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", m.name, err)
			os.Exit(1)
		}
		fmt.Println()
	}
}

// row prints one figure.
func row(what, format string, args ...any) {
	fmt.Printf("  %-52s %s\n", what, fmt.Sprintf(format, args...))
}

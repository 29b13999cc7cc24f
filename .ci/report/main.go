// Report reads what `go test -json` wrote and tells a person what counts: the
// output of what failed, what was left out and why, and how many passed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
)

type line struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: report FILE")
		os.Exit(2)
	}
	f, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	defer f.Close()
	count := map[string]int{}
	output := map[string][]string{} // of a test, or of a package under its own name
	var leftOut []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		var l line
		if json.Unmarshal(s.Bytes(), &l) != nil {
			fmt.Println(s.Text())
			continue
		}
		key := l.Package + " " + l.Test
		switch l.Action {
		case "output", "build-output":
			output[key] = append(output[key], l.Output)
			if i := strings.Index(l.Output, "LEFT OUT:"); i >= 0 {
				leftOut = append(leftOut, strings.TrimSpace(l.Output[i:])+" ("+key+")")
			}
		case "pass", "skip", "fail":
			if l.Test != "" {
				count[l.Action]++
			} else if l.Action == "pass" {
				fmt.Printf("ok    %-60s %6.1fs\n", l.Package, l.Elapsed)
			} else if l.Action == "fail" {
				fmt.Printf("FAIL  %-60s %6.1fs\n", l.Package, l.Elapsed)
			}
			if l.Action == "fail" {
				fmt.Print(strings.Join(output[key], ""))
			}
			delete(output, key)
		}
	}
	sort.Strings(leftOut)
	for _, text := range leftOut {
		fmt.Println(text)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"])
}

// Bench measures this package and event-ruler in a warmed JVM on the same
// events and rules, in one run, and prints a table with the ratios:
//
//	go run ./pattern/oracle/bench
//
// With -write it puts the table into a Markdown file, between the lines
// "<!-- patterns -->" and "<!-- /patterns -->".
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/pattern/internal/lots"
)

func main() {
	seconds := flag.Int("seconds", 2, "processor time to warm up, and for each of three slices that are measured")
	write := flag.String("write", "", "Markdown file to put the table into")
	only := flag.String("only", "", "measure the sets whose names contain this")
	flag.Parse()
	if err := run(*seconds, *write, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// result is what one engine made of one rule set.
type result struct {
	perSecond, matches, held int64
}

func run(seconds int, write, only string) error {
	dir, err := os.MkdirTemp("", "pattern-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	events := lots.Events(5_000)
	eventFile := filepath.Join(dir, "events")
	if err := os.WriteFile(eventFile, append(bytes.Join(events, []byte("\n")), '\n'), 0o600); err != nil {
		return err
	}
	var sets []lots.Set
	for _, s := range allSets() {
		if strings.Contains(s.Name, only) {
			sets = append(sets, s)
		}
	}
	table := &strings.Builder{}
	fmt.Fprintf(table, "| rules | here | event-ruler | ratio | bytes a rule, here | event-ruler |\n|---|--:|--:|--:|--:|--:|\n")
	for i, s := range sets {
		rules := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(rules, []byte(strings.Join(s.Rules, "\n")+"\n"), 0o600); err != nil {
			return err
		}
		t, err := java(seconds, eventFile, rules)
		if err != nil {
			return err
		}
		ours, err := measure(seconds, s, events)
		if err != nil {
			return err
		}
		if ours.matches != t.matches {
			return fmt.Errorf("%s: %d matches here, %d in event-ruler", s.Name, ours.matches, t.matches)
		}
		memory := "| | |"
		if n := int64(len(s.Rules)); n >= 1_000 {
			memory = fmt.Sprintf("| %d | %d |", ours.held/n, t.held/n)
		}
		fmt.Fprintf(table, "| %s | %s | %s | %.1f %s\n", s.Name, thousands(ours.perSecond), thousands(t.perSecond), float64(ours.perSecond)/float64(t.perSecond), memory)
	}
	if strings.Contains("on several threads", only) {
		if err := parallel(table, time.Duration(seconds)*time.Second, events); err != nil {
			return err
		}
	}
	fmt.Print(table)
	if write == "" {
		return nil
	}
	return replace(write, table.String())
}

func allSets() []lots.Set {
	sets := lots.Sets()
	for _, two := range []bool{false, true} {
		for _, n := range lots.Counts {
			sets = append(sets, lots.Many(n, two))
		}
	}
	return sets
}

// java measures event-ruler in a JVM of its own.
func java(seconds int, events, rules string) (result, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return result{}, err
	}
	dir := filepath.Join(cache, "signalbox-oracle")
	build := exec.Command("sh", filepath.Join("pattern", "oracle", "java", "build.sh"), dir)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return result{}, fmt.Errorf("building the Java side: %w", err)
	}
	cmd := exec.Command("java", "-Xms2g", "-Xmx2g", "-cp", filepath.Join(dir, "classes")+":"+filepath.Join(dir, "lib", "*"), "Bench", fmt.Sprint(seconds), events, rules)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("measuring event-ruler: %w", err)
	}
	var r result
	if _, err := fmt.Sscan(string(out), &r.perSecond, &r.matches, &r.held); err != nil {
		return result{}, fmt.Errorf("reading %q: %w", out, err)
	}
	return r, nil
}

// measure measures this package in the same way.
func measure(seconds int, s lots.Set, events [][]byte) (result, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := heap()
	m, err := matcherOf(s)
	if err != nil {
		return result{}, err
	}
	r := result{held: heap() - before}
	var keys []int
	next := 0
	pass := func(n int) (matches int64, err error) {
		for range n {
			if keys, err = m.Match(keys[:0], events[next%len(events)]); err != nil {
				return 0, err
			}
			next++
			matches += int64(len(keys))
		}
		return matches, nil
	}
	if r.matches, err = pass(len(events)); err != nil {
		return r, err
	}
	for range 3 {
		var done int64
		begin := threadTime()
		for threadTime()-begin < time.Duration(seconds)*time.Second {
			if _, err := pass(1_000); err != nil {
				return r, err
			}
			done += 1_000
		}
		r.perSecond = max(r.perSecond, int64(float64(done)/(threadTime()-begin).Seconds()))
	}
	return r, nil
}

func matcherOf(s lots.Set) (*pattern.Matcher[int], error) {
	m := pattern.NewMatcher[int]()
	for i, text := range s.Rules {
		p, err := pattern.Parse([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if err := m.Put(i, p); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return m, nil
}

// threadTime is the processor time of the thread: other processes do not count.
func threadTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(1 /* RUSAGE_THREAD */, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// replace puts the table between the marks in a file.
func replace(name, table string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), "<!-- patterns -->\n")
	_, after, ok2 := strings.Cut(rest, "<!-- /patterns -->")
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the table", name)
	}
	return os.WriteFile(name, []byte(before+"<!-- patterns -->\n"+table+"<!-- /patterns -->"+after), 0o644)
}

// Oracle asks event-ruler, AWS's own engine, and this package the same random
// questions and reports where they differ. It needs Java, Maven and the network
// for the first run:
//
//	go run ./pattern/oracle -n 100000
//
// With -record it writes the questions on which both agree and that are worth
// keeping into pattern/testdata, where "go test" asks them again without Java.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/pattern/internal/question"
)

func main() {
	n := flag.Int("n", 100_000, "how many questions to ask")
	seed := flag.Uint64("seed", 1, "seed of the questions")
	machines := flag.Int("machines", 3, "how many fresh machines to ask each question")
	doubled := flag.Bool("doubled", false, "let events name members twice and spell paths with dots")
	record := flag.String("record", "", "write a corpus of questions and answers to this file")
	flag.Parse()
	if err := run(*n, *seed, *machines, *doubled, *record); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// oracle is a Java process that answers questions about event-ruler.
type oracle struct {
	in  *bufio.Writer
	out *bufio.Reader
	cmd *exec.Cmd
}

func (o *oracle) ask(words ...string) (string, error) {
	for i, w := range words[1:] {
		if i > 0 || words[0] != "m" {
			w = base64.StdEncoding.EncodeToString([]byte(w))
		}
		words[i+1] = w
	}
	if _, err := io.WriteString(o.in, strings.Join(words, " ")+"\n"); err != nil {
		return "", err
	}
	if err := o.in.Flush(); err != nil {
		return "", err
	}
	answer, err := o.out.ReadString('\n')
	return strings.TrimSuffix(answer, "\n"), err
}

// start builds the Java side in the user's cache directory and runs it.
func start() (*oracle, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "signalbox-oracle")
	script := filepath.Join("pattern", "oracle", "java", "build.sh")
	build := exec.Command("sh", script, dir)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building the oracle with %s: %w", script, err)
	}
	cmd := exec.Command("java", "-cp", filepath.Join(dir, "classes")+":"+filepath.Join(dir, "lib", "*"), "Oracle")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting java: %w", err)
	}
	return &oracle{in: bufio.NewWriter(in), out: bufio.NewReader(out), cmd: cmd}, nil
}

// tally counts what became of the questions.
type tally struct {
	agreed, matched, refused, undecided int
	explained                           map[string]int
	differences                         int
}

func run(n int, seed uint64, machines int, doubled bool, record string) error {
	o, err := start()
	if err != nil {
		return err
	}
	defer o.cmd.Wait()
	defer o.cmd.Process.Kill()
	q := question.New(seed)
	q.Doubled = doubled
	t := tally{explained: map[string]int{}}
	var corpus []string
	for i := range n {
		p, e := q.Pair()
		theirs, err := o.ask("m", fmt.Sprint(machines), p, e)
		if err != nil {
			return fmt.Errorf("asking question %d: %w", i, err)
		}
		ours := answer(p, e)
		switch {
		case theirs == "M":
			t.undecided++
			t.agreed++
		case ours != "E" && strings.Contains(p, "wildcard") && o.complexity(p) > 10:
			t.explained["event-ruler counts the wildcards of all members and branches that meet, here each member counts"]++
		case ours == theirs:
			t.agreed++
			if ours == "T" {
				t.matched++
			}
			if ours == "E" {
				t.refused++
			} else if record != "" && len(p)+len(e) < 300 && (ours == "T" || i%8 == 0) {
				corpus = append(corpus, p+"\t"+e+"\t"+ours)
			}
		default:
			// Before it counts, ask so many machines that chance shows.
			if again, err := o.ask("m", "60", p, e); err == nil && (again == "M" || again == ours) {
				t.undecided++
				t.agreed++
				continue
			}
			if why := o.explain(p, e, ours); why != "" {
				t.explained[why]++
				continue
			}
			if t.differences++; t.differences <= 20 {
				fmt.Printf("DIFFERENCE\n  pattern %s\n  event   %s\n  ruler %s, here %s\n", p, e, theirs, ours)
			}
		}
	}
	fmt.Printf("%d questions: %d agreed (%d matched, %d refused by both, %d on which event-ruler is not of one mind), %d differ\n",
		n, t.agreed, t.matched, t.refused, t.undecided, t.differences)
	for why, count := range t.explained {
		fmt.Printf("  %d explained: %s\n", count, why)
	}
	if record != "" {
		if err := os.WriteFile(record, []byte(strings.Join(corpus, "\n")+"\n"), 0o644); err != nil {
			return fmt.Errorf("recording: %w", err)
		}
	}
	if t.differences > 0 {
		return fmt.Errorf("%d differences", t.differences)
	}
	return nil
}

func answer(p, e string) string {
	parsed, err := pattern.Parse([]byte(p))
	if err != nil {
		return "E"
	}
	switch matched, err := parsed.Match([]byte(e)); {
	case err != nil:
		return "X"
	case matched:
		return "T"
	}
	return "F"
}

// explain names the known reason of a difference, or none.
func (o *oracle) explain(p, e, ours string) string {
	_, err := pattern.Parse([]byte(p))
	switch {
	case ours == "E" && strings.Contains(err.Error(), "Rule is too complex") && o.complexity(p) > 8:
		return "the wildcards are more complex than the service takes, or just about"
	case ours == "E" && strings.Contains(err.Error(), "cannot be allowed multiple times"):
		return "a path inside and outside of $or is refused here, replaced there"
	case strings.Contains(p+e, `\ud83d`) && strings.Contains(p, "ignore-case"):
		return "characters beyond the basic plane do not match themselves there, case ignored"
	case strings.Contains(p, `"cidr"`) || strings.Contains(p, "10.0.0.1") || strings.Contains(p, "::"):
		return "blocks of one family match addresses of the other, and bare numbers, there"
	case (strings.Contains(p, "fix") || strings.Contains(p, "ignore-case")) && strings.Contains(p, `\"`):
		return "the closing quotation mark shows through prefix and suffix there"
	case strings.Contains(p+e, "5e-324") || strings.Contains(p+e, "1e23"):
		return "which numbers a double holds depends on the Java version there"
	case o.oneByOne(p, e) == ours:
		return "event-ruler contradicts itself: asked for one alternative at a time it answers otherwise"
	}
	return ""
}

// complexity asks event-ruler how complex the wildcards of a pattern are.
func (o *oracle) complexity(p string) int {
	answer, err := o.ask("x", p)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(answer)
	return n
}

// oneByOne asks event-ruler for each alternative of a pattern with one member.
func (o *oracle) oneByOne(p, e string) string {
	var members map[string][]json.RawMessage
	if json.Unmarshal([]byte(p), &members) != nil || len(members) != 1 {
		return ""
	}
	for name, tests := range members {
		for _, t := range tests {
			if answer, err := o.ask("m", "1", fmt.Sprintf("{%q:[%s]}", name, t), e); err != nil || answer == "T" {
				return answer
			}
		}
	}
	return "F"
}

package pattern

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The corpus holds questions that event-ruler 2.1.0 answered: a pattern, an
// event and T or F in each line. "go run ./pattern/oracle -record" writes it.
func TestTheOraclesAnswersStillHold(t *testing.T) {
	files, err := filepath.Glob("testdata/*.tsv")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d corpora, %v", len(files), err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			c := strings.Split(lines.Text(), "\t")
			if len(c) != 3 {
				t.Fatalf("%s:%d: %d columns", name, n, len(c))
			}
			p, err := Parse([]byte(c[0]))
			if err != nil {
				t.Errorf("%s:%d: %v", name, n, err)
				continue
			}
			got, err := p.Match([]byte(c[1]))
			if want := c[2] == "T"; err != nil || got != want {
				t.Errorf("%s:%d: %s against %s: got %v, %v", name, n, c[0], c[1], got, err)
			}
		}
	}
}

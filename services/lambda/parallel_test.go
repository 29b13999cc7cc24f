package lambda_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain has more tests run at a time than there are processors: most of them
// wait, for processes, queues and clocks.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("6"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

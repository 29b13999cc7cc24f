package expr

import (
	"strings"
	"testing"
	"time"
)

func TestNoTextIsSlowToParse(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"parentheses", strings.Repeat("(", 4096)},
		{"parentheses around a condition", strings.Repeat("(", 2000) + "n = :one" + strings.Repeat(")", 2000)},
		{"parentheses around an operand", strings.Repeat("(", 2000) + "n" + strings.Repeat(")", 2000) + " = :one"},
		{"negations", strings.Repeat("not ", 1000) + "n = :one"},
		{"negated parentheses", strings.Repeat("not (", 800)},
		{"functions", strings.Repeat("size(", 800)},
		{"functions in parentheses", strings.Repeat("(size(", 600)},
		{"conditions in parentheses", strings.Repeat("(n = :one and ", 290)},
		{"sums", "SET n = " + strings.Repeat("(", 4000)},
		{"a long path", "n" + strings.Repeat("[0]", 1300)},
		{"paths", "SET " + strings.Repeat("n.s = :one, ", 330) + "l = :one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			p := params(t)
			_, _ = p.Condition(FilterExpression, c.text)
			_, _ = p.Projection(c.text)
			_, _ = p.Update(c.text)
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

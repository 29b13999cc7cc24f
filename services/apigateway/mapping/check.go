package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/vtl"
)

// Valid tells the sources of request parameters: method.request.…, context.…,
// stageVariables.… and 'literals'.
func Valid(expression string) bool {
	if strings.HasPrefix(expression, "'") {
		return len(expression) >= 2 && strings.HasSuffix(expression, "'")
	}
	for _, p := range []string{"method.request.", "stageVariables.", "context."} {
		if strings.HasPrefix(expression, p) {
			return true
		}
	}
	return false
}

// CheckTemplates says which of the templates, by their content types, cannot be
// parsed, and where.
func CheckTemplates(templates map[string]string) error {
	for contentType, text := range templates {
		if _, err := vtl.Parse(text); err != nil {
			where := err
			if e, is := errors.AsType[*vtl.Error](err); is {
				where = fmt.Errorf("%w (line %d, column %d)", e.Err, e.Line, e.Column)
			}
			return fmt.Errorf("Invalid mapping template for %s: %w", contentType, where)
		}
	}
	return nil
}

package pattern

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// Error says why a pattern is refused. EventBridge answers it as an
// InvalidEventPatternException with the same message.
type Error struct {
	// Message is in the words of the service, with the place in the pattern
	// where it knows one: "Event pattern is not valid. Reason: …".
	Message string
	// Path names the member that is at fault, joined by dots; empty if the
	// pattern as a whole is.
	Path string
	// Offset is the index of the byte in the pattern's text up to which it
	// was read.
	Offset int
}

func (e *Error) Error() string { return e.Message }

const errorPrefix = "Event pattern is not valid. Reason: "

// tooComplex is how the service refuses what would take too long to match.
const tooComplex = "Rule is too complex - try using fewer wildcard characters or fewer " +
	"repeating character sequences after a wildcard character"

// location words a place as the service's JSON parser does: lines and columns
// count from one, columns in UTF-16 units, and only the first 500 characters
// of the text are quoted.
func location(src string, offset int) string {
	offset = min(offset, len(src))
	line := 1 + strings.Count(src[:offset], "\n")
	start := strings.LastIndexByte(src[:offset], '\n') + 1
	column := 1 + len(utf16.Encode([]rune(src[start:offset])))
	quoted := `"` + src + `"`
	if units := utf16.Encode([]rune(src)); len(units) > 500 {
		quoted = fmt.Sprintf(`"%s"[truncated %d chars]`, string(utf16.Decode(units[:500])), len(units)-500)
	}
	return fmt.Sprintf("\n at [Source: (String)%s; line: %d, column: %d]", quoted, line, column)
}

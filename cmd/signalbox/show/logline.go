package show

import (
	"regexp"
	"strings"
)

var (
	wrongLine = regexp.MustCompile(`^(\[ERROR\]|Traceback \(|(\S+\t){2}(ERROR|FATAL)\t|RequestId: \S+ Error: )|Task timed out after|"level":\s?"(ERROR|FATAL)"`)
	warnLine  = regexp.MustCompile(`^(\[WARNING\]|\[signalbox\]|(\S+\t){2}WARN\t)|"level":\s?"WARN"`)
)

// LogLine paints a line of a function's log: Lambda's own lines stand back,
// what went wrong stands out.
func LogLine(s *Screen, line string) string {
	switch {
	case strings.HasPrefix(line, "START RequestId: "), strings.HasPrefix(line, "END RequestId: "), strings.HasPrefix(line, "INIT_START "):
		return s.Faint(line)
	case strings.HasPrefix(line, "REPORT RequestId: "):
		return s.Name(strings.TrimRight(line, "\t "))
	case wrongLine.MatchString(line):
		return s.Bad(line)
	case warnLine.MatchString(line):
		return s.Warn(line)
	}
	return line
}

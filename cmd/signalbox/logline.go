package main

import (
	"regexp"
	"strings"
)

var (
	wrongLine = regexp.MustCompile(`^(\[ERROR\]|Traceback \(|(\S+\t){2}(ERROR|FATAL)\t|RequestId: \S+ Error: )|Task timed out after|"level":\s?"(ERROR|FATAL)"`)
	warnLine  = regexp.MustCompile(`^(\[WARNING\]|\[signalbox\]|(\S+\t){2}WARN\t)|"level":\s?"WARN"`)
)

// logLine paints a line of a function's log: Lambda's own lines stand back,
// what went wrong stands out.
func logLine(s *screen, line string) string {
	switch {
	case strings.HasPrefix(line, "START RequestId: "), strings.HasPrefix(line, "END RequestId: "), strings.HasPrefix(line, "INIT_START "):
		return s.faint(line)
	case strings.HasPrefix(line, "REPORT RequestId: "):
		return s.name(strings.TrimRight(line, "\t "))
	case wrongLine.MatchString(line):
		return s.bad(line)
	case warnLine.MatchString(line):
		return s.warn(line)
	}
	return line
}

package logs

import (
	"regexp"
	"strings"
)

// filter is a filter pattern for unstructured events (user guide, page
// FilterAndPatternSyntax): terms that must all be there, "?term" of which one
// must be, "-term" which must not, "quoted phrases" and %regular expressions%.
type filter struct {
	all, none []term
	any       []term
}

type term struct {
	text string
	re   *regexp.Regexp // nil: the text itself
}

func (t term) in(message string) bool {
	if t.re != nil {
		return t.re.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

// match tells whether a message fits; the empty filter fits all.
func (f *filter) match(message string) bool {
	for _, t := range f.all {
		if !t.in(message) {
			return false
		}
	}
	for _, t := range f.none {
		if t.in(message) {
			return false
		}
	}
	for _, t := range f.any {
		if t.in(message) {
			return true
		}
	}
	return len(f.any) == 0
}

func parseFilter(text string) (f filter, err error) {
	rest := strings.TrimSpace(text)
	if strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "[") {
		return f, invalid("Invalid filter pattern: filters for JSON and for space-delimited events are not implemented by Signalbox.")
	}
	for rest != "" {
		into := &f.all
		switch rest[0] {
		case '?':
			into, rest = &f.any, rest[1:]
		case '-':
			into, rest = &f.none, rest[1:]
		}
		var t term
		if t, rest, err = parseTerm(rest); err != nil {
			return f, err
		}
		*into = append(*into, t)
		rest = strings.TrimLeft(rest, " \t\n")
	}
	if len(f.any) > 0 { // "?" terms are optional beside others, and then say nothing
		if len(f.all) > 0 {
			f.any = nil
		}
	}
	return f, nil
}

func parseTerm(text string) (t term, rest string, err error) {
	if text == "" {
		return t, "", invalid("Invalid filter pattern: a term is missing.")
	}
	if quote := text[0]; quote == '"' || quote == '%' {
		end := strings.IndexByte(text[1:], quote)
		if end < 0 {
			return t, "", invalid("Invalid filter pattern: %q is not closed.", text)
		}
		t.text, rest = text[1:end+1], text[end+2:]
		if quote == '%' {
			if t.re, err = regexp.Compile(t.text); err != nil {
				return t, "", invalid("Invalid filter pattern: %s.", err)
			}
		}
		return t, rest, nil
	}
	end := strings.IndexAny(text, " \t\n")
	if end < 0 {
		end = len(text)
	}
	return term{text: text[:end]}, text[end:], nil
}

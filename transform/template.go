package transform

import (
	"strings"
)

// template is a template taken apart: texts that are copied, each followed by
// a variable.
type template struct {
	parts  []part
	tail   string // the text after the last variable
	object bool   // the whole template is a JSON object
	plan   plan
}

type part struct {
	text     string
	variable variable
	name     string // the variable as it was written, for errors
	path     int    // its index in the plan, for byPath
	place    place
}

// variable tells what stands behind a placeholder.
type variable uint8

const (
	byPath        variable = iota
	ruleARN                // <aws.events.rule-arn>
	ruleName               // <aws.events.rule-name>
	ingestion              // <aws.events.event.ingestion-time>, <aws.pipes.event.ingestion-time>
	ruleEvent              // <aws.events.event>
	wholeJSON              // <aws.events.event.json>, <aws.pipes.event.json>
	pipeARN                // <aws.pipes.pipe-arn>
	pipeName               // <aws.pipes.pipe-name>
	sourceARN              // <aws.pipes.source-arn>
	enrichmentARN          // <aws.pipes.enrichment-arn>
	targetARN              // <aws.pipes.target-arn>
	pipeEvent              // <aws.pipes.event>
)

var ruleVariables = map[string]variable{
	"aws.events.rule-arn":             ruleARN,
	"aws.events.rule-name":            ruleName,
	"aws.events.event.ingestion-time": ingestion,
	"aws.events.event":                ruleEvent,
	"aws.events.event.json":           wholeJSON,
}

var pipeVariables = map[string]variable{
	"aws.pipes.pipe-arn":             pipeARN,
	"aws.pipes.pipe-name":            pipeName,
	"aws.pipes.source-arn":           sourceARN,
	"aws.pipes.enrichment-arn":       enrichmentARN,
	"aws.pipes.target-arn":           targetARN,
	"aws.pipes.event.ingestion-time": ingestion,
	"aws.pipes.event":                pipeEvent,
	"aws.pipes.event.json":           wholeJSON,
}

// place tells where in the template a variable stands.
type place uint8

const (
	asValue  place = iota // a value inside an object or array
	atRoot                // a value by itself: <detail>
	inString              // inside quotes: "state <state>"
	inText                // a pipe's plain text
)

// resolve says what a placeholder's name stands for. Known is false for text
// in angle brackets that is no placeholder at all.
type resolve func(name string) (v variable, path Path, known bool, err error)

// placeholder is a variable's place in the template's text, brackets included.
type placeholder struct {
	span
	variable variable
	path     Path
}

// placeholders finds the variables. A placeholder ends at the first > in its
// line; < and > cannot be escaped (AWS's user guide, transform-input).
func placeholders(text string, what resolve) ([]placeholder, error) {
	var found []placeholder
	for i := 0; i < len(text); {
		open := strings.IndexByte(text[i:], '<')
		if open < 0 {
			break
		}
		open += i
		end := strings.IndexAny(text[open:], ">\n")
		if end < 0 {
			break
		}
		end += open
		if text[end] == '\n' {
			i = end + 1
			continue
		}
		v, path, known, err := what(text[open+1 : end])
		if err != nil {
			return nil, err
		}
		if !known {
			i = open + 1
			continue
		}
		found = append(found, placeholder{span{open, end + 1}, v, path})
		i = end + 1
	}
	return found, nil
}

// compile takes a template apart. If it is not JSON the error is a
// *syntaxError, unless plain allows it as plain text.
func compile(text string, what resolve, plain bool) (*template, error) {
	text = strings.Trim(text, " \t\r\n")
	found, err := placeholders(text, what)
	if err != nil {
		return nil, err
	}
	t := &template{object: strings.HasPrefix(text, "{")}
	masked, places := mask(text, found)
	if err := checkTemplate(masked, t.object); err != nil {
		if !plain || t.object {
			return nil, err
		}
		for i := range places {
			places[i] = inText
		}
	}
	from := 0
	for i, ph := range found {
		p := part{
			text:     text[from:ph.from],
			variable: ph.variable,
			name:     text[ph.from:ph.to],
			place:    places[i],
		}
		if ph.variable == byPath {
			p.path = t.plan.add(ph.path)
		}
		t.parts = append(t.parts, p)
		from = ph.to
	}
	t.tail = text[from:]
	if t.object {
		t.minify()
	}
	return t, nil
}

// checkTemplate checks that a template that begins as an object is nothing else
// beside, and any other one or more JSON values.
func checkTemplate(masked []byte, object bool) error {
	if object {
		return checkValue(masked)
	}
	return checkValues(masked)
}

// mask returns the template's text with values for its variables, so that the
// result can be checked as JSON and has each byte where the template has it;
// and where each variable stands.
func mask(text string, found []placeholder) (masked []byte, places []place) {
	masked = []byte(text)
	places = make([]place, len(found))
	quoted, depth, next := false, 0, 0
	for i := 0; i < len(masked); i++ {
		if next < len(found) && i == found[next].from {
			places[next] = fill(masked[i:found[next].to], quoted, depth)
			i = found[next].to - 1
			next++
			continue
		}
		switch c := masked[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\' && (next == len(found) || i+1 < found[next].from):
			i++
		case !quoted && (c == '{' || c == '['):
			depth++
		case !quoted && (c == '}' || c == ']'):
			depth--
		}
	}
	return masked, places
}

// fill puts a value in a variable's place.
func fill(b []byte, quoted bool, depth int) place {
	for i := range b {
		b[i] = ' '
		if quoted {
			b[i] = hole
		}
	}
	if quoted {
		return inString
	}
	b[1] = '0'
	if depth > 0 {
		return asValue
	}
	return atRoot
}

// minify drops the white space between tokens.
func (t *template) minify() {
	quoted := false
	drop := func(s string) string {
		var out strings.Builder
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case quoted && c == '\\' && i+1 < len(s):
				out.WriteByte(c)
				i++
			case c == '"':
				quoted = !quoted
			case !quoted && isSpace(c):
				continue
			}
			out.WriteByte(s[i])
		}
		return out.String()
	}
	for i := range t.parts {
		t.parts[i].text = drop(t.parts[i].text)
	}
	t.tail = drop(t.tail)
}

package transform

import (
	"fmt"
	"time"
)

// Apply appends the target's input for one event to dst. The event must be
// valid JSON (a pipe's may also be any text, as an enrichment can return).
// The errors are ErrNoValue, ErrNotJSON and ErrTooLarge with more said; dst is
// then returned as it was.
func (t *Transformer) Apply(dst []byte, event []byte, f Facts) ([]byte, error) {
	switch {
	case t == nil:
		return append(dst, event...), nil
	case t.constant != nil:
		return append(dst, t.constant...), nil
	case t.path != nil:
		value, ok := t.path.Find(event)
		if !ok {
			return dst, fmt.Errorf("%w %s", ErrNoValue, t.path)
		}
		return append(dst, value...), nil
	case t.template != nil:
		r := run{template: t.template, event: event, doc: event, facts: &f, strict: t.template.object}
		if t.pipe {
			r.strict = false
			r.readPipe()
		}
		return r.write(dst)
	}
	return append(dst, event...), nil
}

// run is one application of a template.
type run struct {
	template *template
	event    []byte // as it came
	doc      []byte // what the paths look into: the event, its encoded parts decoded
	text     bool   // a pipe's event that is no JSON
	strict   bool   // an object inside quotes is an error
	facts    *Facts
}

func (r *run) write(dst []byte) ([]byte, error) {
	var few [16]span // on the stack; few templates have more
	found := few[:]
	if n := len(r.template.plan.paths); n <= len(few) {
		found = found[:n]
	} else {
		found = make([]span, n)
	}
	if !r.text {
		r.template.plan.find(r.doc, found)
	}
	out := dst
	for i := range r.template.parts {
		p := &r.template.parts[i]
		out = append(out, p.text...)
		var err error
		if out, err = r.writeVariable(out, p, found); err != nil {
			return dst, err
		}
		if len(out)-len(dst) > MaxOutput {
			return dst, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxOutput)
		}
	}
	return append(out, r.template.tail...), nil
}

func (r *run) writeVariable(dst []byte, p *part, found []span) ([]byte, error) {
	switch p.variable {
	case byPath:
		value, ok := r.template.plan.value(r.doc, found, p.path)
		if !ok {
			return writeNothing(dst, p.place), nil
		}
		return r.writeValue(dst, value, p)
	case ruleEvent:
		var few [1024]byte
		return r.writeValue(dst, appendEnvelope(few[:0], r.event), p)
	case wholeJSON:
		if r.text {
			return writeNothing(dst, p.place), nil
		}
		return r.writeValue(dst, r.doc, p)
	case pipeEvent:
		if r.text {
			return writeText(dst, string(r.event), p.place), nil
		}
		return r.writeValue(dst, r.event, p)
	}
	return writeText(dst, r.fact(p.variable), p.place), nil
}

func (r *run) fact(v variable) string {
	switch v {
	case ruleARN:
		return r.facts.RuleARN
	case ruleName:
		return r.facts.RuleName
	case ingestion:
		return r.facts.Ingested.UTC().Format(time.RFC3339)
	case pipeARN:
		return r.facts.PipeARN
	case pipeName:
		return r.facts.PipeName
	case sourceARN:
		return r.facts.SourceARN
	case enrichmentARN:
		return r.facts.EnrichmentARN
	case targetARN:
		return r.facts.TargetARN
	}
	return ""
}

// writeValue appends a value of the event in its place.
func (r *run) writeValue(dst, value []byte, p *part) ([]byte, error) {
	value = value[skipSpace(value, 0):]
	if len(value) == 0 {
		return writeNothing(dst, p.place), nil
	}
	quoted, container := value[0] == '"', value[0] == '{' || value[0] == '['
	switch p.place {
	case atRoot:
		if container && p.variable == byPath {
			return append(appendBare(append(dst, '"'), value), '"'), nil
		}
	case inString:
		switch {
		case container && r.strict:
			return dst, fmt.Errorf(`%w: %s stands inside quotes, but for an object or array; without the quotes it is inserted as JSON`, ErrNotJSON, p.name)
		case container:
			return appendBare(dst, value), nil
		case quoted:
			return append(dst, inner(value)...), nil
		}
	case inText:
		switch {
		case container:
			return appendBare(dst, value), nil
		case quoted:
			return append(dst, unquote(inner(value))...), nil
		}
	}
	return appendCompact(dst, value), nil
}

func writeText(dst []byte, text string, at place) []byte {
	switch at {
	case inString:
		return appendEscaped(dst, text)
	case inText:
		return append(dst, text...)
	}
	return appendQuoted(dst, text)
}

// writeNothing appends what AWS puts where a path leads nowhere.
func writeNothing(dst []byte, at place) []byte {
	if at == inString || at == inText {
		return dst
	}
	return append(dst, `""`...)
}

// appendEnvelope appends <aws.events.event>: the event without its detail, and
// with detailType in place of detail-type.
func appendEnvelope(dst, event []byte) []byte {
	dst = append(dst, '{')
	c := children(event, skipSpace(event, 0))
	for first := true; ; {
		key, more := c.next()
		if !more {
			return append(dst, '}')
		}
		from := c.i
		c.i = skipValue(event, from)
		if sameKey(key, "detail") {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, '"')
		if sameKey(key, "detail-type") {
			dst = append(dst, "detailType"...)
		} else {
			dst = append(dst, key...)
		}
		dst = appendCompact(append(dst, '"', ':'), event[from:c.i])
	}
}

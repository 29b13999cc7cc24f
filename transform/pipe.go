package transform

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// NewPipe checks and compiles the InputTemplate of a pipe's enrichment or
// target. The empty template passes events on as they are. Its errors are of
// type *Error. See the user guide's page "Amazon EventBridge Pipes input
// transformation".
func NewPipe(text string) (*Transformer, error) {
	if text == "" {
		return &Transformer{}, nil
	}
	if utf8.RuneCountInString(text) > MaxTemplate {
		return nil, tooLong("inputTemplate", MaxTemplate)
	}
	t, err := compile(text, resolvePipe, true)
	if err != nil {
		if refused := (*Error)(nil); errors.As(err, &refused) {
			return nil, err
		}
		return nil, refuse(err, "Invalid InputTemplate : %s.", source(text, err))
	}
	return &Transformer{template: t, pipe: true}, nil
}

func resolvePipe(name string) (variable, Path, bool, error) {
	const wrong = "Invalid json path reference or predefined variable for placeholder"
	switch {
	case strings.HasPrefix(name, "$"):
		path, err := ParsePath(name)
		if err != nil {
			return 0, Path{}, false, refuse(err, wrong)
		}
		return byPath, path, true, nil
	case strings.HasPrefix(name, "aws."):
		v, ok := pipeVariables[name]
		if !ok {
			return 0, Path{}, false, refuse(nil, wrong)
		}
		return v, Path{}, true, nil
	}
	return 0, Path{}, false, nil
}

// encoded names the members of an event that its source delivers encoded.
type encoded struct {
	members []string
	base64  bool // else a JSON text as a string
}

// encodedBy tells them by the event's eventSource.
func encodedBy(source string) encoded {
	switch source {
	case "aws:sqs":
		return encoded{members: []string{"body"}}
	case "aws:kinesis", "aws:mq", "aws:amazonmq", "aws:rmq":
		return encoded{members: []string{"data"}, base64: true}
	case "aws:kafka", "SelfManagedKafka":
		return encoded{members: []string{"key", "value"}, base64: true}
	}
	return encoded{}
}

var eventSource = []step{{kind: stepKey, key: "eventSource"}}

// readPipe finds out what a pipe's event is, and decodes what it holds encoded.
func (r *run) readPipe() {
	if r.text = !validJSON(r.event); r.text {
		return
	}
	at, ok := walk(r.event, eventSource)
	if !ok || r.event[at.from] != '"' {
		return
	}
	how := encodedBy(unquote(inner(at.of(r.event))))
	for _, name := range how.members {
		at, ok := walk(r.doc, []step{{kind: stepKey, key: name}})
		if !ok || r.doc[at.from] != '"' {
			continue
		}
		content := []byte(unquote(inner(at.of(r.doc))))
		if how.base64 {
			var err error
			if content, err = base64.StdEncoding.DecodeString(string(content)); err != nil {
				continue
			}
		}
		if !validJSON(content) {
			continue
		}
		doc := make([]byte, 0, len(r.doc)+len(content))
		doc = append(append(doc, r.doc[:at.from]...), content...)
		r.doc = append(doc, r.doc[at.to:]...)
	}
}

package template

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// read reads JSON, where the text begins like that, or YAML.
func read(text string) (any, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return readJSON(text)
	}
	return readYAML(text)
}

func readJSON(text string) (any, error) {
	dec := jsontext.NewDecoder(strings.NewReader(text))
	v, err := jsonValue(dec, 0)
	if err == nil {
		if _, end := dec.ReadToken(); !errors.Is(end, io.EOF) {
			err = malformed("JSON not well-formed. (a second value follows at offset %d)", dec.InputOffset())
		}
	}
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			return nil, e
		}
		line, column := position(text, err)
		return nil, malformed("JSON not well-formed. (line %d, column %d)", line, column)
	}
	return v, nil
}

// position is where a text is no JSON: just behind the character that is wrong,
// or at its end.
func position(text string, err error) (line, column int) {
	at := len(text)
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at = min(int(e.ByteOffset)+1, at)
	}
	before := text[:at]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

func jsonValue(dec *jsontext.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, malformed("values nest deeper than %d.", maxDepth)
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '"':
		return tok.String(), nil
	case '0':
		return json.Number(tok.String()), nil
	case 't', 'f':
		return tok.Bool(), nil
	case '[':
		list := []any{}
		for dec.PeekKind() != ']' {
			v, err := jsonValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.ReadToken()
		return list, err
	case '{':
		m := map[string]any{}
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			if m[key], err = jsonValue(dec, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := dec.ReadToken()
		return m, err
	}
	return nil, nil
}

func readYAML(text string) (any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, malformed("YAML not well-formed. (%s)", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, malformed("unsupported structure.")
	}
	return yamlValue(doc.Content[0], 0)
}

// yamlValue walks a node. A short form is written out as the function's object.
func yamlValue(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, malformed("values nest deeper than %d.", maxDepth)
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return nil, malformed("YAML aliases are not allowed in CloudFormation templates (line %d)", n.Line)
	}
	v, err := yamlPlain(n, depth)
	if err != nil || !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return v, err
	}
	name := n.Tag[1:]
	full := "Fn::" + name
	if name == "Ref" || name == "Condition" {
		full = name
	}
	if !functions[full] {
		return nil, malformed("Unrecognized YAML tag !%s (line %d)", name, n.Line)
	}
	if text, ok := v.(string); ok && name == "GetAtt" {
		resource, attribute, found := strings.Cut(text, ".")
		if !found {
			return nil, invalid("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute (line %d)", n.Line)
		}
		v = []any{resource, attribute}
	}
	return map[string]any{full: v}, nil
}

func yamlPlain(n *yaml.Node, depth int) (any, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return yamlScalar(n), nil
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			v, err := yamlValue(c, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || key.Anchor != "" {
				return nil, malformed("a key is not a text (line %d)", key.Line)
			}
			if _, twice := m[key.Value]; twice {
				return nil, malformed("the key %s occurs twice (line %d)", key.Value, key.Line)
			}
			if key.ShortTag() == "!!merge" {
				return nil, malformed("YAML merge keys are not allowed in CloudFormation templates (line %d)", key.Line)
			}
			v, err := yamlValue(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			m[key.Value] = v
		}
		return m, nil
	}
	return nil, malformed("unsupported structure (line %d).", n.Line)
}

// yamlScalar is a plain scalar as what it looks like to JSON; dates, and numbers
// with leading zeros such as account ids, are texts.
func yamlScalar(n *yaml.Node) any {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return n.Value // the text that a short form's function gets
	}
	switch n.ShortTag() {
	case "!!bool":
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on":
			return true
		case "false", "no", "off":
			return false
		}
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
	case "!!null":
		return nil
	}
	return n.Value
}

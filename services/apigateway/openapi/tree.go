package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// Bounds of a document's tree.
const (
	maxNodes = 500_000
	maxDepth = 200
)

// parseTree reads JSON or YAML into maps, lists and scalars.
func parseTree(data []byte) (any, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		var v any
		d := json.NewDecoder(bytes.NewReader(trimmed))
		d.UseNumber()
		if err := d.Decode(&v); err == nil {
			return v, nil
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, errors.New("the document is empty")
	}
	w := walker{}
	return w.value(doc.Content[0], 0)
}

// walker turns YAML nodes into values.
type walker struct{ nodes int }

func (w *walker) value(n *yaml.Node, depth int) (any, error) {
	if w.nodes++; w.nodes > maxNodes || depth > maxDepth {
		return nil, fmt.Errorf("line %d: the document has too many nodes or levels", n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return w.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := w.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		return w.object(n, depth)
	}
	return scalar(n), nil
}

func (w *walker) object(n *yaml.Node, depth int) (any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, err := w.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if n.Content[i].ShortTag() == "!!merge" {
			if merged, is := v.(map[string]any); is {
				for k, x := range merged {
					if _, there := m[k]; !there {
						m[k] = x
					}
				}
				continue
			}
		}
		m[n.Content[i].Value] = v
	}
	return m, nil
}

func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		if b, err := strconv.ParseBool(n.Value); err == nil {
			return b
		}
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		var f float64
		if n.Decode(&f) == nil {
			return f
		}
	}
	return n.Value
}

// Small readers of trees; what is of another kind is as what is not there.

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// Read reads an extension's value into the structure that out points to, by its
// json tags.
func Read(value, out any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// document is a template with its places.
type document struct {
	places []place
	source string
	root   *yaml.Node // nil for JSON
	splits []split    // of JSON
}

// split is a part of a JSON text that another replaces.
type split struct {
	from, to int
	text     []byte
}

// resource is what is looked at of a resource: its type, and those of its
// properties that are texts.
type resource struct {
	kind       string
	properties map[string]value
}

// value is a text, and where it is in the template.
type value struct {
	text     string
	node     *yaml.Node // of YAML
	from, to int        // of JSON
}

// read finds the places of a template.
func read(source string) (*document, error) {
	d := &document{source: source}
	var all map[string]*resource
	var err error
	if strings.HasPrefix(strings.TrimSpace(source), "{") {
		all, err = readJSON(source)
	}
	if all == nil || err != nil { // flow mappings of YAML begin like JSON
		all, err = d.readYAML()
	}
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		r := all[id]
		property := properties[r.kind]
		if at, given := r.properties[property]; given && local(at.text) {
			d.places = append(d.places, place{resource: id, kind: r.kind, property: property, path: at.text, runtime: r.properties["Runtime"].text, at: at})
		}
	}
	return d, nil
}

// readJSON finds the resources of a JSON template.
func readJSON(source string) (map[string]*resource, error) {
	all := map[string]*resource{}
	dec := jsontext.NewDecoder(strings.NewReader(source))
	for {
		token, err := dec.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		if _, n := dec.StackIndex(dec.StackDepth()); token.Kind() != '"' || n%2 == 1 {
			continue // no text, or the name of a member
		}
		path := strings.Split(string(dec.StackPointer()), "/")
		if len(path) < 4 || path[1] != "Resources" {
			continue
		}
		r := all[path[2]]
		if r == nil {
			r = &resource{properties: map[string]value{}}
			all[path[2]] = r
		}
		text, end := token.String(), int(dec.InputOffset())
		switch {
		case len(path) == 4 && path[3] == "Type":
			r.kind = text
		case len(path) == 5 && path[3] == "Properties":
			r.properties[path[4]] = value{text: text, from: jsonStart(source, end), to: end}
		}
	}
}

// jsonStart is where the JSON text that ends at end begins.
func jsonStart(source string, end int) int {
	for i := end - 2; i >= 0; i-- {
		if source[i] != '"' {
			continue
		}
		escapes := 0
		for i-escapes > 0 && source[i-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
	return 0
}

// readYAML finds the resources of a YAML template.
func (d *document) readYAML() (map[string]*resource, error) {
	d.root = &yaml.Node{}
	if err := yaml.Unmarshal([]byte(d.source), d.root); err != nil {
		return nil, err
	}
	all := map[string]*resource{}
	if len(d.root.Content) == 0 {
		return all, nil
	}
	for id, node := range entries(member(d.root.Content[0], "Resources")) {
		r := &resource{properties: map[string]value{}}
		if t := member(node, "Type"); plain(t) {
			r.kind = t.Value
		}
		for name, p := range entries(member(node, "Properties")) {
			if plain(p) {
				r.properties[name] = value{text: p.Value, node: p}
			}
		}
		all[id] = r
	}
	return all, nil
}

// entries are the members of a mapping; of anything else there are none.
func entries(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

func member(n *yaml.Node, name string) *yaml.Node {
	for key, value := range entries(n) {
		if key == name {
			return value
		}
	}
	return nil
}

// plain tells whether a node is a text, and no function's short form.
func plain(n *yaml.Node) bool {
	return n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str"
}

// set puts an object in a place.
func (d *document) set(at place, members map[string]string) error {
	if d.root == nil {
		text, err := json.Marshal(members)
		d.splits = append(d.splits, split{at.at.from, at.at.to, text})
		return err
	}
	n := at.at.node
	n.Kind, n.Tag, n.Value, n.Style = yaml.MappingNode, "!!map", "", yaml.FlowStyle
	for _, name := range slices.Sorted(maps.Keys(members)) {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, &yaml.Node{Kind: yaml.ScalarNode, Value: members[name]})
	}
	return nil
}

// text is the template as it is now.
func (d *document) text() (string, error) {
	var out bytes.Buffer
	if d.root != nil {
		enc := yaml.NewEncoder(&out)
		enc.SetIndent(2)
		err := enc.Encode(d.root)
		return out.String(), errors.Join(err, enc.Close())
	}
	slices.SortFunc(d.splits, func(a, b split) int { return a.from - b.from })
	last := 0
	for _, s := range d.splits {
		out.WriteString(d.source[last:s.from])
		out.Write(s.text)
		last = s.to
	}
	out.WriteString(d.source[last:])
	return out.String(), nil
}

package wire

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// route is a REST operation's method and URI template, taken apart.
type route struct {
	name   string
	method string
	parts  []part
	query  []queryLiteral
}

type part struct {
	text   string // a literal, or the name of a label
	label  bool
	greedy bool // takes all that is left, up to the parts behind it
}

type queryLiteral struct {
	name, value string
	hasValue    bool
}

// newRoutes takes the templates apart, the most specific first, so that the
// first match is the right one.
func newRoutes(m Model) []route {
	var all []route
	for _, op := range m.Operations {
		all = append(all, newRoute(op.Name, op.Route))
	}
	for name, r := range m.UnimplementedRoutes {
		all = append(all, newRoute(name, r))
	}
	slices.SortFunc(all, func(a, b route) int {
		return cmp.Or(cmp.Compare(len(b.query), len(a.query)), -cmpParts(a.parts, b.parts), cmp.Compare(a.name, b.name))
	})
	return all
}

func newRoute(name string, r Route) route {
	path, query, _ := strings.Cut(r.URI, "?")
	rt := route{name: name, method: r.Method}
	for p := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		label := strings.HasPrefix(p, "{") && strings.HasSuffix(p, "}")
		p = strings.Trim(p, "{}")
		greedy := label && strings.HasSuffix(p, "+")
		rt.parts = append(rt.parts, part{strings.TrimSuffix(p, "+"), label, greedy})
	}
	for q := range strings.SplitSeq(query, "&") {
		if q != "" {
			k, v, ok := strings.Cut(q, "=")
			rt.query = append(rt.query, queryLiteral{k, v, ok})
		}
	}
	return rt
}

// cmpParts orders literals above labels above greedy labels, longer above
// shorter.
func cmpParts(a, b []part) int {
	rank := func(p part) int {
		switch {
		case p.greedy:
			return 0
		case p.label:
			return 1
		}
		return 2
	}
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(rank(a[i]), rank(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// findRoute finds the operation of a REST request.
func (c *call) findRoute() *Error {
	c.protocol = RestJSON
	if slices.Contains(c.s.Protocols, RestXML) {
		c.protocol = RestXML
	}
	path := c.r.URL.EscapedPath()
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if n := len(segments); n > 1 && segments[n-1] == "" {
		segments = segments[:n-1]
	}
	query := c.r.URL.Query()
	for i := range c.s.routes {
		rt := &c.s.routes[i]
		if rt.method == c.r.Method && rt.hasQuery(query) {
			if labels, ok := rt.match(segments); ok {
				c.name, c.labels = rt.name, labels
				return nil
			}
		}
	}
	e := Errorf(CodeUnknownOperation, "%s has no operation at %s %s", c.s.Name, c.r.Method, schema.Clip(c.r.URL.Path))
	e.Status = http.StatusNotFound
	return e
}

func (rt *route) hasQuery(q url.Values) bool {
	for _, want := range rt.query {
		if !q.Has(want.name) || want.hasValue && q.Get(want.name) != want.value {
			return false
		}
	}
	return true
}

func (rt *route) match(segments []string) (map[string]string, bool) {
	labels := map[string]string{}
	i := 0
	for k, p := range rt.parts {
		take := 1
		if p.greedy {
			take = len(segments) - i - (len(rt.parts) - k - 1)
		}
		if take < 1 || i+take > len(segments) {
			return nil, false
		}
		raw := strings.Join(segments[i:i+take], "/")
		i += take
		if !p.label {
			if raw != p.text {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(raw)
		if err != nil || raw == "" {
			return nil, false
		}
		labels[p.text] = value
	}
	return labels, i == len(segments)
}

// bind reads a REST request into the structure v: labels, query and headers
// first, then the body, which is a payload member's own or holds the rest.
func (c *call) bind(o *schema.Object, v reflect.Value) error {
	query := c.r.URL.Query()
	for i := range o.Fields {
		f := &o.Fields[i]
		if err := c.bindMember(f, v.Field(f.Index), query); err != nil {
			return within(err, f.Label)
		}
	}
	if f := o.Payload; f != nil {
		return c.bindPayload(f, v.Field(f.Index))
	}
	if c.protocol == RestXML {
		return decodeXML(c.body, o, v)
	}
	return decodeJSON(c.body, o, v)
}

func (c *call) bindMember(f *schema.Field, v reflect.Value, query url.Values) error {
	switch f.In {
	case schema.InPath:
		if text, ok := c.labels[f.InName]; ok {
			return setMember(f, v, []string{text})
		}
	case schema.InQuery:
		if f.Kind == schema.Map {
			return c.bindQueryMap(f, v, query)
		}
		if texts := query[f.InName]; len(texts) > 0 {
			return setMember(f, v, texts)
		}
	case schema.InHeader:
		if texts := c.r.Header.Values(f.InName); len(texts) > 0 {
			if f.Kind == schema.List && len(texts) == 1 {
				texts = strings.Split(texts[0], ",")
				for i := range texts {
					texts[i] = strings.TrimSpace(texts[i])
				}
			}
			return setMember(f, v, texts)
		}
	case schema.InHeaders:
		m := map[string]string{}
		prefix := textproto.CanonicalMIMEHeaderKey(f.InName)
		for name, texts := range c.r.Header {
			if len(name) > len(f.InName) && strings.EqualFold(name[:len(prefix)], prefix) {
				m[strings.ToLower(name[len(prefix):])] = strings.Join(texts, ",")
			}
		}
		if len(m) > 0 && f.Type == reflect.TypeFor[map[string]string]() {
			v.Set(reflect.ValueOf(m))
		}
	}
	return nil
}

// bindQueryMap fills a map from the query parameters that no other member owns.
func (c *call) bindQueryMap(f *schema.Field, v reflect.Value, query url.Values) error {
	m := reflect.MakeMap(f.Type)
	for name, texts := range query {
		elem := reflect.New(f.Elem.Type).Elem()
		if f.Elem.Kind == schema.List {
			elem.Set(reflect.ValueOf(texts))
		} else if err := setText(f.Elem, elem, texts[0]); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(name), elem)
	}
	if m.Len() > 0 {
		v.Set(m)
	}
	return nil
}

// setMember sets a member from the texts of a label, parameter or header.
func setMember(f *schema.Field, v reflect.Value, texts []string) error {
	if f.Kind == schema.List {
		list := reflect.MakeSlice(f.Type, len(texts), len(texts))
		for i, t := range texts {
			if err := setText(f.Elem, list.Index(i), t); err != nil {
				return within(err, strconv.Itoa(i+1))
			}
		}
		v.Set(list)
		return nil
	}
	if !f.Pointer {
		return setText(f.Shape, v, texts[0])
	}
	p := reflect.New(f.Type)
	if err := setText(f.Shape, p.Elem(), texts[0]); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

// bindPayload reads the body into the one member that it is.
func (c *call) bindPayload(f *schema.Field, v reflect.Value) error {
	switch f.Kind {
	case schema.Stream:
		body := c.r.Body
		if c.body != nil || body == nil {
			body = io.NopCloser(bytes.NewReader(c.body))
		}
		v.Set(reflect.ValueOf(body))
		return nil
	case schema.Blob:
		if len(c.body) > 0 {
			v.SetBytes(c.body)
		}
		return nil
	case schema.String:
		if len(c.body) > 0 {
			v.Set(reflect.ValueOf(new(string(c.body))))
		}
		return nil
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	p := v
	if f.Pointer {
		p = reflect.New(f.Type).Elem()
	}
	var err error
	if c.protocol == RestXML && f.Kind == schema.Structure {
		err = decodeXML(c.body, f.Object, p)
	} else {
		err = readJSON(c.body, func(r *jsonReader) error { return r.value(f.Shape, p) })
	}
	if err == nil && f.Pointer {
		v.Set(p.Addr())
	}
	return err
}

// unbind writes a REST answer: status and headers from their members, the body
// from the payload member or from the rest.
func (c *call) unbind(b []byte, op *Operation, o *schema.Object, v reflect.Value) []byte {
	status := cmp.Or(op.Route.Status, http.StatusOK)
	for i := range o.Fields {
		f := &o.Fields[i]
		val := v.Field(f.Index)
		if f.In == schema.InBody || schema.Absent(val) {
			continue
		}
		if f.Pointer {
			val = val.Elem()
		}
		switch f.In {
		case schema.InStatus:
			status = int(val.Int())
		case schema.InHeader:
			c.w.Header().Set(f.InName, headerText(f.Shape, val))
		case schema.InHeaders:
			for _, k := range sortedKeys(val) {
				c.w.Header().Set(f.InName+k.String(), val.MapIndex(k).String())
			}
		}
	}
	if f := o.Payload; f != nil {
		return c.unbindPayload(b, f, v.Field(f.Index), status)
	}
	if status == http.StatusNoContent || op.Route.NoOutput {
		c.write(status, "", nil)
		return b
	}
	if c.protocol == RestXML {
		if len(o.Fields) > 0 {
			b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)
			b = c.openRoot(b, op.Name+"Response")
			b = closeTag(appendMembers(b, o, v), op.Name+"Response")
		}
		c.write(status, "application/xml", b)
		return b
	}
	b = appendObject(b, o, v, (*schema.Field).InTheBody)
	c.write(status, "application/json", b)
	return b
}

func headerText(s *schema.Shape, v reflect.Value) string {
	if s.Kind == schema.List {
		var all []string
		for i := range v.Len() {
			all = append(all, scalarText(s.Elem, v.Index(i), "rfc822"))
		}
		return strings.Join(all, ",")
	}
	return scalarText(s, v, "rfc822")
}

// unbindPayload writes the one member that is the body.
func (c *call) unbindPayload(b []byte, f *schema.Field, v reflect.Value, status int) []byte {
	contentType := c.w.Header().Get("Content-Type")
	switch {
	case schema.Absent(v):
		c.write(status, contentType, nil)
		return b
	case f.Kind == schema.Stream:
		c.stream(v.Interface().(io.ReadCloser), status)
		return b
	}
	if f.Pointer {
		v = v.Elem()
	}
	switch {
	case f.Kind == schema.Blob:
		c.write(status, cmp.Or(contentType, "application/octet-stream"), v.Bytes())
	case f.Kind == schema.String:
		c.write(status, cmp.Or(contentType, "text/plain"), []byte(v.String()))
	case c.protocol == RestXML:
		b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)
		b = c.openRoot(b, f.Query)
		b = closeTag(appendMembers(b, f.Object, v), f.Query)
		c.write(status, "application/xml", b)
	default:
		b = appendJSON(b, f.Shape, v)
		c.write(status, cmp.Or(contentType, "application/json"), b)
	}
	return b
}

// stream copies a body of any size and closes it.
func (c *call) stream(body io.ReadCloser, status int) {
	defer body.Close()
	h := c.w.Header()
	h["X-Amzn-Requestid"] = []string{c.req.RequestID}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	c.w.WriteHeader(status)
	// An error here means that one of the two ends has gone; the client sees
	// the answer cut short.
	_, _ = io.Copy(c.w, body)
}

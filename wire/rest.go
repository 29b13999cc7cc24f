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
	e := Errorf(CodeUnknownOperation, "%s has no operation at %s %s", c.s.Name, c.r.Method, clip(c.r.URL.Path))
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
func (c *call) bind(o *object, v reflect.Value) error {
	query := c.r.URL.Query()
	for i := range o.fields {
		f := &o.fields[i]
		if err := c.bindMember(f, v.Field(f.index), query); err != nil {
			return within(err, f.label)
		}
	}
	if f := o.payload; f != nil {
		return c.bindPayload(f, v.Field(f.index))
	}
	if c.protocol == RestXML {
		return decodeXML(c.body, o, v)
	}
	return decodeJSON(c.body, o, v)
}

func (c *call) bindMember(f *field, v reflect.Value, query url.Values) error {
	switch f.in {
	case inPath:
		if text, ok := c.labels[f.inName]; ok {
			return setMember(f, v, []string{text})
		}
	case inQuery:
		if f.kind == mapKind {
			return c.bindQueryMap(f, v, query)
		}
		if texts := query[f.inName]; len(texts) > 0 {
			return setMember(f, v, texts)
		}
	case inHeader:
		if texts := c.r.Header.Values(f.inName); len(texts) > 0 {
			if f.kind == listKind && len(texts) == 1 {
				texts = strings.Split(texts[0], ",")
				for i := range texts {
					texts[i] = strings.TrimSpace(texts[i])
				}
			}
			return setMember(f, v, texts)
		}
	case inHeaders:
		m := map[string]string{}
		prefix := textproto.CanonicalMIMEHeaderKey(f.inName)
		for name, texts := range c.r.Header {
			if len(name) > len(f.inName) && strings.EqualFold(name[:len(prefix)], prefix) {
				m[strings.ToLower(name[len(prefix):])] = strings.Join(texts, ",")
			}
		}
		if len(m) > 0 && f.typ == reflect.TypeFor[map[string]string]() {
			v.Set(reflect.ValueOf(m))
		}
	}
	return nil
}

// bindQueryMap fills a map from the query parameters that no other member owns.
func (c *call) bindQueryMap(f *field, v reflect.Value, query url.Values) error {
	m := reflect.MakeMap(f.typ)
	for name, texts := range query {
		elem := reflect.New(f.elem.typ).Elem()
		if f.elem.kind == listKind {
			elem.Set(reflect.ValueOf(texts))
		} else if err := setText(f.elem, elem, texts[0]); err != nil {
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
func setMember(f *field, v reflect.Value, texts []string) error {
	if f.kind == listKind {
		list := reflect.MakeSlice(f.typ, len(texts), len(texts))
		for i, t := range texts {
			if err := setText(f.elem, list.Index(i), t); err != nil {
				return within(err, strconv.Itoa(i+1))
			}
		}
		v.Set(list)
		return nil
	}
	if !f.pointer {
		return setText(f.shape, v, texts[0])
	}
	p := reflect.New(f.typ)
	if err := setText(f.shape, p.Elem(), texts[0]); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

// bindPayload reads the body into the one member that it is.
func (c *call) bindPayload(f *field, v reflect.Value) error {
	switch f.kind {
	case streamKind:
		body := c.r.Body
		if c.body != nil || body == nil {
			body = io.NopCloser(bytes.NewReader(c.body))
		}
		v.Set(reflect.ValueOf(body))
		return nil
	case blobKind:
		if len(c.body) > 0 {
			v.SetBytes(c.body)
		}
		return nil
	case stringKind:
		if len(c.body) > 0 {
			v.Set(reflect.ValueOf(new(string(c.body))))
		}
		return nil
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	p := v
	if f.pointer {
		p = reflect.New(f.typ).Elem()
	}
	var err error
	if c.protocol == RestXML && f.kind == structKind {
		err = decodeXML(c.body, f.object, p)
	} else {
		err = readJSON(c.body, func(r *jsonReader) error { return r.value(f.shape, p) })
	}
	if err == nil && f.pointer {
		v.Set(p.Addr())
	}
	return err
}

// unbind writes a REST answer: status and headers from their members, the body
// from the payload member or from the rest.
func (c *call) unbind(b []byte, op *Operation, o *object, v reflect.Value) []byte {
	status := cmp.Or(op.Route.Status, http.StatusOK)
	for i := range o.fields {
		f := &o.fields[i]
		val := v.Field(f.index)
		if f.in == inBody || absent(val) {
			continue
		}
		if f.pointer {
			val = val.Elem()
		}
		switch f.in {
		case inStatus:
			status = int(val.Int())
		case inHeader:
			c.w.Header().Set(f.inName, headerText(f.shape, val))
		case inHeaders:
			for _, k := range sortedKeys(val) {
				c.w.Header().Set(f.inName+k.String(), val.MapIndex(k).String())
			}
		}
	}
	if f := o.payload; f != nil {
		return c.unbindPayload(b, f, v.Field(f.index), status)
	}
	if status == http.StatusNoContent || op.Route.NoOutput {
		c.write(status, "", nil)
		return b
	}
	if c.protocol == RestXML {
		if len(o.fields) > 0 {
			b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)
			b = c.openRoot(b, op.Name+"Response")
			b = closeTag(appendMembers(b, o, v), op.Name+"Response")
		}
		c.write(status, "application/xml", b)
		return b
	}
	b = appendObject(b, o, v, (*field).inTheBody)
	c.write(status, "application/json", b)
	return b
}

func headerText(s *shape, v reflect.Value) string {
	if s.kind == listKind {
		var all []string
		for i := range v.Len() {
			all = append(all, scalarText(s.elem, v.Index(i), "rfc822"))
		}
		return strings.Join(all, ",")
	}
	return scalarText(s, v, "rfc822")
}

// unbindPayload writes the one member that is the body.
func (c *call) unbindPayload(b []byte, f *field, v reflect.Value, status int) []byte {
	contentType := c.w.Header().Get("Content-Type")
	switch {
	case absent(v):
		c.write(status, contentType, nil)
		return b
	case f.kind == streamKind:
		c.stream(v.Interface().(io.ReadCloser), status)
		return b
	}
	if f.pointer {
		v = v.Elem()
	}
	switch {
	case f.kind == blobKind:
		c.write(status, cmp.Or(contentType, "application/octet-stream"), v.Bytes())
	case f.kind == stringKind:
		c.write(status, cmp.Or(contentType, "text/plain"), []byte(v.String()))
	case c.protocol == RestXML:
		b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)
		b = c.openRoot(b, f.query)
		b = closeTag(appendMembers(b, f.object, v), f.query)
		c.write(status, "application/xml", b)
	default:
		b = appendJSON(b, f.shape, v)
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

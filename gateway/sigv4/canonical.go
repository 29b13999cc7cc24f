package sigv4

import (
	"bytes"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// pathForm is a way of writing the path in the canonical request.
type pathForm int

const (
	// encodedTwice: the path as sent, made canonical and encoded once more: all
	// services but S3.
	encodedTwice pathForm = iota
	// encodedTwiceAsSent: the same with dot segments and double slashes left in,
	// as some SDKs leave them.
	encodedTwiceAsSent
	// encodedOnce: decoded and encoded again: S3, whose keys may hold anything.
	encodedOnce
)

// appendCanonical writes the canonical request (IAM user guide, "Create a
// signed API request", step 1). payload is the last line, the body's hash.
func (s *scratch) appendCanonical(b []byte, r *http.Request, sig *Signature, form pathForm, payload []byte) []byte {
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, rawPath(r), form)
	b = append(b, '\n')
	b = s.appendQuery(b, r.URL.RawQuery, sig.Presigned)
	b = append(b, '\n')
	for name := range strings.SplitSeq(sig.SignedHeaders, ";") {
		b = append(b, name...)
		b = append(b, ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, sig.SignedHeaders...)
	b = append(b, '\n')
	return append(b, payload...)
}

// rawPath is the path as it stood on the wire.
func rawPath(r *http.Request) string {
	p := r.RequestURI
	if p == "" {
		p = r.URL.EscapedPath()
	} else if _, rest, ok := strings.Cut(p, "://"); ok && p[0] != '/' { // absolute form, as to a proxy
		p = strings.TrimLeftFunc(rest, func(c rune) bool { return c != '/' && c != '?' })
	}
	if i := strings.IndexByte(p, '?'); i >= 0 {
		p = p[:i]
	}
	if p == "" {
		p = "/"
	}
	return p
}

func appendPath(b []byte, path string, form pathForm) []byte {
	switch form {
	case encodedOnce:
		for i := 0; i < len(path); i++ {
			c, slash := path[i], true
			if c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]) {
				c, slash = unhex(path[i+1])<<4|unhex(path[i+2]), false // an encoded slash stays one
				i += 2
			}
			b = appendEncoded(b, c, slash)
		}
		return b
	case encodedTwice:
		if !isClean(path) {
			path = clean(path)
		}
	}
	for i := range len(path) {
		b = appendEncoded(b, path[i], true)
	}
	return b
}

// isClean tells whether a path has no dot segments and no empty segments.
func isClean(path string) bool {
	return path[0] == '/' && !strings.Contains(path, "//") && !strings.Contains(path, "/.")
}

// clean removes dot segments (RFC 3986, 5.2.4) and doubled slashes, and keeps
// the last slash.
func clean(path string) string {
	var kept []string
	dir := false
	for segment := range strings.SplitSeq(path, "/") {
		dir = segment == "" || segment == "." || segment == ".."
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	p := "/" + strings.Join(kept, "/")
	// "/a/.." ends as a directory only where something is left of it and the
	// path says so with a slash.
	if dir && len(kept) > 0 && strings.HasSuffix(path, "/") {
		p += "/"
	}
	return p
}

// appendQuery writes the parameters, decoded, encoded again, and sorted by name
// and then by value; without the signature itself where that is one of them.
func (s *scratch) appendQuery(b []byte, raw string, presigned bool) []byte {
	if raw == "" {
		return b
	}
	s.text, s.params = s.text[:0], s.params[:0]
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if presigned && name == "X-Amz-Signature" {
			continue
		}
		p := param{start: len(s.text)}
		s.text = appendDecodedEncoded(s.text, name)
		p.equals = len(s.text)
		s.text = append(s.text, '=')
		s.text = appendDecodedEncoded(s.text, value)
		p.end = len(s.text)
		s.params = append(s.params, p)
	}
	text := s.text
	slices.SortFunc(s.params, func(x, y param) int {
		if c := bytes.Compare(text[x.start:x.equals], text[y.start:y.equals]); c != 0 {
			return c
		}
		return bytes.Compare(text[x.equals:x.end], text[y.equals:y.end])
	})
	for i, p := range s.params {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, text[p.start:p.end]...)
	}
	return b
}

// param is one query parameter, encoded, as offsets into scratch.text.
type param struct{ start, equals, end int }

func appendDecodedEncoded(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		b = appendEncoded(b, c, false)
	}
	return b
}

// appendEncoded writes one byte as UriEncode of the documentation does.
func appendEncoded(b []byte, c byte, keepSlash bool) []byte {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
		return append(b, c)
	}
	const digits = "0123456789ABCDEF"
	return append(b, '%', digits[c>>4], digits[c&15])
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// appendHeader writes the values of a header: trimmed, runs of spaces as one,
// several values joined by commas.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	switch name {
	case "host", ":authority":
		return appendTrimmed(b, r.Host)
	case "content-length":
		if len(r.Header["Content-Length"]) == 0 && r.ContentLength >= 0 {
			return strconv.AppendInt(b, r.ContentLength, 10)
		}
	case "transfer-encoding":
		return append(b, strings.Join(r.TransferEncoding, ",")...)
	}
	key, ok := headerKeys[name]
	if !ok {
		key = textproto.CanonicalMIMEHeaderKey(name)
	}
	for i, v := range r.Header[key] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTrimmed(b, v)
	}
	return b
}

// headerKeys spares the common headers an allocation.
var headerKeys = func() map[string]string {
	m := map[string]string{}
	for _, k := range []string{
		"Accept", "Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Content-Encoding", "Content-Length", "Content-Md5", "Content-Type",
		"Date", "Range", "Smithy-Protocol", "User-Agent", "X-Amz-Api-Version", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Decoded-Content-Length",
		"X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Security-Token", "X-Amz-Target", "X-Amz-Trailer", "X-Amz-User-Agent", "X-Amzn-Query-Mode", "X-Amzn-Trace-Id",
	} {
		m[strings.ToLower(k)] = k
	}
	return m
}()

func appendTrimmed(b []byte, v string) []byte {
	v = textproto.TrimString(v)
	if !strings.Contains(v, "  ") {
		return append(b, v...)
	}
	for i := range len(v) {
		if v[i] != ' ' || v[i-1] != ' ' { // the first byte is no space
			b = append(b, v[i])
		}
	}
	return b
}

package backend

import (
	"mime"
	"slices"
	"strings"
)

// MediaType is a Content-Type header without its parameters, in lower case.
func MediaType(contentType string) string {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		t, _, _ = strings.Cut(contentType, ";")
		t = strings.ToLower(strings.TrimSpace(t))
	}
	return t
}

// IsBinary tells whether a media type is one of an API's binary ones; those may
// be */* or image/*.
func IsBinary(binary []string, contentType string) bool {
	t := MediaType(contentType)
	if t == "" {
		return slices.Contains(binary, "*/*")
	}
	kind, _, _ := strings.Cut(t, "/")
	for _, b := range binary {
		if b = strings.ToLower(b); b == "*/*" || b == t || b == kind+"/*" {
			return true
		}
	}
	return false
}

// AcceptsBinary tells whether the first media type that a client accepts is
// binary.
func AcceptsBinary(binary []string, accept string) bool {
	first, _, _ := strings.Cut(accept, ",")
	return IsBinary(binary, first)
}

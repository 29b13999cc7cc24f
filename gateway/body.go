package gateway

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/gateway/sigv4"
	"github.com/signalbox/signalbox/wire"
)

// readBody reads the whole body, which may have limit bytes. It is memory of
// this request alone: what is decoded from it may point into it.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	switch {
	case r.ContentLength > limit:
		return nil, entityTooLarge(limit)
	case r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody:
		return nil, nil
	case r.ContentLength > 0:
		// A large body's memory grows with what comes, not with what is announced.
		if r.ContentLength <= 1<<20 {
			body := make([]byte, r.ContentLength)
			if _, err := io.ReadFull(r.Body, body); err != nil {
				return nil, unreadable("read the request's body: %v", err)
			}
			return body, nil
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, entityTooLarge(limit)
	}
	if err != nil {
		return nil, unreadable("read the request's body: %v", err)
	}
	return body, nil
}

func entityTooLarge(limit int64) error {
	return &refusal{tooLarge, "Request must be smaller than " + strconv.FormatInt(limit, 10) + " bytes"}
}

func unreadable(format string, err error) error {
	e := wire.Errorf(wire.CodeSerialization, format, err)
	e.Status = http.StatusBadRequest
	return e
}

// plain decodes the aws-chunked encoding, verifying it where secret is known.
func (g *Gateway) plain(sig *sigv4.Signature, secret string, body []byte) ([]byte, error) {
	if !sig.Streaming() {
		return body, nil
	}
	body, err := io.ReadAll(g.verifier.Chunks(sig, secret, bytes.NewReader(body)))
	if err != nil {
		return nil, ofSignature(err)
	}
	return body, nil
}

// decompress undoes the request compression that SDKs apply to large bodies
// of some operations.
func decompress(r *http.Request, body []byte, limit int64) ([]byte, error) {
	encoding := r.Header.Get("Content-Encoding")
	if encoding != "gzip" && !strings.HasSuffix(encoding, ",gzip") {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, unreadable("the body is not in the gzip encoding that it announces: %v", err)
	}
	out, err := io.ReadAll(io.LimitReader(z, limit+1))
	if err != nil {
		return nil, unreadable("the body is not in the gzip encoding that it announces: %v", err)
	}
	if int64(len(out)) > limit {
		return nil, entityTooLarge(limit)
	}
	return out, nil
}

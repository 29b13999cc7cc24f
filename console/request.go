package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/wire"
)

// maxBody bounds requests, in bytes: an event has at most 1 MiB.
const maxBody = 4 << 20

// Error is a refusal as the caller gets it.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	status  int
}

func (e *Error) Error() string { return e.Message }

func badRequest(format string, args ...any) *Error {
	return &Error{Code: "BadRequest", Message: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

func tooLarge(most int) *Error {
	return &Error{Code: "TooLarge", Message: fmt.Sprintf("the request has more than %d bytes", most), status: http.StatusRequestEntityTooLarge}
}

// answering makes a handler of a function that answers one value or an error.
func (s *Console) answering(f func(ctx context.Context, r *http.Request, body []byte) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, body, err := s.admit(w, r)
		var answer any
		if err == nil {
			answer, err = f(ctx, r, body)
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	})
}

// admit reads the body and authenticates the caller.
func (s *Console) admit(w http.ResponseWriter, r *http.Request) (context.Context, []byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, nil, tooLarge(maxBody)
		}
		return nil, nil, badRequest("reading the request: %s", err)
	}
	ctx, err := s.who(r, body)
	if err != nil {
		return nil, nil, err
	}
	if r.Method == http.MethodPost {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return nil, nil, &Error{Code: "BadRequest", Message: "the Content-Type must be application/json", status: http.StatusUnsupportedMediaType}
		}
	}
	return ctx, body, nil
}

// who authenticates the caller, and returns the context of the call.
func (s *Console) who(r *http.Request, body []byte) (context.Context, error) {
	if s.Authenticate == nil {
		return nil, &Error{Code: "AccessDenied", Message: "nobody may call this", status: http.StatusForbidden}
	}
	caller, err := s.Authenticate(r, body)
	if err != nil {
		return nil, &Error{Code: "AccessDenied", Message: err.Error(), status: http.StatusForbidden}
	}
	return wire.NewContext(r.Context(), &wire.Request{Account: caller.Account, Region: caller.Region}), nil
}

// read decodes a JSON body; members that are not known are refused.
func read(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return badRequest("reading the request: %s", err)
	}
	return nil
}

func (s *Console) unknown(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, &Error{Code: "NotFound", Message: "there is no " + r.Method + " " + r.URL.Path, status: http.StatusNotFound})
}

// refuse answers an error; one that is not the caller's is logged instead.
func (s *Console) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there
	}
	e := refusal(err)
	if e == nil {
		s.Logger.Error("console", "path", r.URL.Path, "error", err)
		e = &Error{Code: "InternalFailure", Message: "something went wrong in Signalbox; its log says what", status: http.StatusInternalServerError}
	}
	writeJSON(w, e.status, struct {
		Error *Error `json:"error"`
	}{e})
}

// refusal is what the caller may know of an error, nil where it is our own.
func refusal(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		status := e.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		return &Error{Code: e.Code, Message: e.Message, status: status}
	}
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return &Error{Code: "NotFound", Message: err.Error(), status: http.StatusNotFound}
	case errors.Is(err, hub.ErrClosed), errors.Is(err, engine.ErrClosed):
		return &Error{Code: "Closing", Message: "Signalbox is stopping", status: http.StatusServiceUnavailable}
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// The caller may have gone; there is nobody to tell.
	_ = enc.Encode(v)
}

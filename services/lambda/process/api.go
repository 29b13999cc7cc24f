package process

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// routes are those of the Runtime API (developer guide, page runtimes-api).
func (e *Environment) routes() http.Handler {
	const version = "/2018-06-01/runtime"
	m := http.NewServeMux()
	m.HandleFunc("GET "+version+"/invocation/next", e.next)
	m.HandleFunc("POST "+version+"/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { e.respond(w, r, false) })
	m.HandleFunc("POST "+version+"/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { e.respond(w, r, true) })
	m.HandleFunc("POST "+version+"/init/error", e.initFailed)
	return m
}

// next waits for an invocation. The process may be frozen meanwhile.
func (e *Environment) next(w http.ResponseWriter, r *http.Request) {
	e.first.Do(func() { close(e.ready) })
	e.asks(true)
	var in Invocation
	select {
	case in = <-e.work:
		if r.Context().Err() != nil || !e.begin() {
			e.work <- in // whoever asked is gone: there is room for who asks again
			return
		}
	case <-e.exited:
		return
	case <-r.Context().Done():
		e.asks(false)
		return
	}
	h := w.Header()
	set := func(name, value string) {
		if value != "" {
			h[name] = []string{value}
		}
	}
	set("Content-Type", "application/json")
	set("Content-Length", strconv.Itoa(len(in.Payload)))
	set("Lambda-Runtime-Aws-Request-Id", in.RequestID)
	set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.Deadline.UnixMilli(), 10))
	set("Lambda-Runtime-Invoked-Function-Arn", in.FunctionARN)
	set("Lambda-Runtime-Trace-Id", in.Trace)
	set("Lambda-Runtime-Client-Context", in.ClientContext)
	set("Lambda-Runtime-Cognito-Identity", in.Identity)
	set("Signalbox-Remaining-Ms", strconv.FormatInt(in.Remaining.Milliseconds(), 10))
	h["Date"] = nil
	// A process that has gone is noticed by its exit.
	_, _ = w.Write(in.Payload)
}

// respond takes the handler's answer, or the error that the runtime reports.
func (e *Environment) respond(w http.ResponseWriter, r *http.Request, failed bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxResponse+1))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "The body could not be read.")
		return
	}
	e.mu.Lock()
	answer := e.answer
	if r.PathValue("id") != e.current {
		answer = nil
	}
	if answer != nil {
		e.answer = nil
	}
	e.mu.Unlock()
	if answer == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	if len(body) > MaxResponse {
		answer <- reply{err: ErrTooLarge}
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size ("+strconv.Itoa(MaxResponse)+" bytes).")
		return
	}
	a := Answer{Payload: body, Failed: failed}
	if failed {
		a.ErrorType = r.Header.Get("Lambda-Runtime-Function-Error-Type")
	} else if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
		a.Failed, a.ErrorType = true, kind // a streamed answer that broke off
	}
	answer <- reply{answer: a}
	accepted(w)
}

func (e *Environment) initFailed(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxResponse))
	if err != nil && !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "The body could not be read.")
		return
	}
	e.mu.Lock()
	if e.initErr == nil {
		close(e.failed)
		e.initErr = &InitError{Type: r.Header.Get("Lambda-Runtime-Function-Error-Type"), Payload: body}
	}
	e.mu.Unlock()
	accepted(w)
}

func accepted(w http.ResponseWriter) {
	const body = `{"status":"OK"}`
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["Date"] = nil
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	body, err := json.Marshal(map[string]string{"errorType": kind, "errorMessage": message})
	if err != nil {
		body = nil
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

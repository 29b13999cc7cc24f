package urls

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/httpevent"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// Caller is who signed a request.
type Caller struct{ Account, Principal, AccessKeyID string }

// ServeURL answers requests to function URLs, in the host form
// ({id}.lambda-url.{region}.…) and the path form ([Path]).
func (s *URLs) ServeURL(w http.ResponseWriter, r *http.Request) {
	id, path := urlAddress(r)
	u := s.urlOf(id)
	if u == nil {
		urlError(w, http.StatusNotFound, nil)
		return
	}
	if u.Cors != nil {
		if u.cors(w, r) {
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, api.MaxPayload))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		urlError(w, http.StatusRequestEntityTooLarge, new("Request Entity Too Large"))
		return
	}
	if err != nil {
		urlError(w, http.StatusBadRequest, new("Bad Request"))
		return
	}
	var caller *httpevent.IAM
	if u.Auth == api.FunctionUrlAuthTypeAwsIam {
		if caller, body, err = s.signer(r, body); err != nil {
			urlError(w, http.StatusForbidden, new("Forbidden"))
			return
		}
	}
	// The invocation goes on when its client goes away.
	s.answerURL(context.WithoutCancel(r.Context()), w, r, u, body, path, caller)
}

// urlAddress is the id that a request names, and the path behind it.
func urlAddress(r *http.Request) (id, rest string) {
	if after, ok := strings.CutPrefix(r.URL.EscapedPath(), Path); ok {
		id, rest, _ = strings.Cut(after, "/")
		return id, "/" + rest
	}
	id, _, _ = strings.Cut(r.Host, ".")
	return strings.ToLower(id), r.URL.EscapedPath()
}

// signer is who signed the request; nobody is an error.
func (s *URLs) signer(r *http.Request, body []byte) (*httpevent.IAM, []byte, error) {
	if s.Authenticate == nil {
		return nil, nil, errors.New("signatures are not verified here")
	}
	c, body, err := s.Authenticate(r, body)
	if err != nil {
		return nil, nil, err
	}
	if c.AccessKeyID == "" {
		return nil, nil, errors.New("the request is not signed")
	}
	id := path.Base(c.Principal)
	return &httpevent.IAM{AccessKey: c.AccessKeyID, AccountID: c.Account, CallerID: id, UserARN: c.Principal, UserID: id}, body, nil
}

func (s *URLs) answerURL(ctx context.Context, w http.ResponseWriter, r *http.Request, u *record, body []byte, path string, caller *httpevent.IAM) {
	p := api.CallParams{RequestID: wire.FromContext(ctx).RequestID, Trace: trace.Continue(r.Header.Get(trace.Name), s.Clock.Now()).String()}
	w.Header().Set(trace.Name, strings.SplitN(p.Trace, ";", 2)[0])
	event := httpevent.New(r, body, httpevent.Params{APIID: u.ID, Path: path, RequestID: p.RequestID, Caller: caller, Now: s.Clock.Now()})
	payload, err := json.Marshal(event)
	if err != nil {
		urlError(w, http.StatusInternalServerError, new("Internal Server Error"))
		return
	}
	result, err := s.Call(ctx, catalog.FunctionARN(u.Scope, u.Function, u.Qualifier), payload, p)
	switch {
	case wire.IsCode(err, api.CodeTooManyRequestsException):
		urlError(w, http.StatusTooManyRequests, new("Rate Exceeded."))
		return
	case wire.IsCode(err, api.CodeRequestEntityTooLarge):
		urlError(w, http.StatusRequestEntityTooLarge, new("Request Entity Too Large"))
		return
	case err != nil:
		s.Logger.Error("a function URL's invocation", "function", u.Function, "error", err)
		urlError(w, http.StatusBadGateway, new("Internal Server Error"))
		return
	case result.Error != "":
		urlError(w, http.StatusBadGateway, new("Internal Server Error"))
		return
	}
	response, err := httpevent.Read(result.Payload)
	if err != nil {
		s.Logger.Warn("a function URL's answer", "function", u.Function, "error", err)
		urlError(w, http.StatusBadGateway, new("Internal Server Error"))
		return
	}
	if u.Cors != nil && r.Header.Get("Origin") != "" { // the URL's settings count, not the function's
		for name := range response.Headers {
			if strings.HasPrefix(name, "Access-Control-") {
				delete(response.Headers, name)
			}
		}
	}
	response.Write(w)
}

// cors marks the answer for pages of allowed origins. A preflight is answered:
// then it reports true.
func (u *record) cors(w http.ResponseWriter, r *http.Request) (answered bool) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h, c := w.Header(), u.Cors
	h.Add("Vary", "Origin")
	allowed := allows(c, origin)
	if allowed {
		h.Set("Access-Control-Allow-Origin", origin)
		if wire.Value(c.AllowCredentials) {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		if len(c.ExposeHeaders) > 0 {
			h.Set("Access-Control-Expose-Headers", strings.Join(c.ExposeHeaders, ","))
		}
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if allowed {
		if len(c.AllowMethods) > 0 {
			h.Set("Access-Control-Allow-Methods", strings.Join(c.AllowMethods, ","))
		}
		if len(c.AllowHeaders) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(c.AllowHeaders, ","))
		}
		if c.MaxAge != nil {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(*c.MaxAge)))
		}
	}
	w.WriteHeader(http.StatusOK)
	return true
}

// urlError is an error of a function URL, as AWS writes it.
func urlError(w http.ResponseWriter, status int, message *string) {
	body, err := json.Marshal(struct{ Message *string }{message})
	if err != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that has gone needs no answer.
	_, _ = w.Write(body)
}

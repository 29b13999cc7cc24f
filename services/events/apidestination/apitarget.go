package apidestination

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/events/api"
)

// arrival is how long after it was written a request may still be on its way to
// whom it is for, and take its place in the destination's rate. One that was
// answered has arrived: so an endpoint that answers sooner never sees more
// requests than the rate in a second, however busy it is in between. It costs
// endpoints that answer later six in a hundred of their rate.
const arrival = 60 * time.Millisecond

// apiTarget is an API destination as a rule's target.
type apiTarget struct {
	o    *outbound
	spec api.Target
}

// MaxBatch implements [delivery.Target].
func (*apiTarget) MaxBatch() int { return 1 }

// Pacer implements [delivery.Paced].
func (t *apiTarget) Pacer() *delivery.Pacer {
	return t.o.pacer(t.o.s.destinationByARN(*t.spec.Arn))
}

// Deliver implements [delivery.Target].
func (t *apiTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	for i := range requests {
		results[i] = t.call(ctx, &requests[i])
	}
	return results
}

// call makes one call; where the endpoint refuses an OAuth token that was
// fetched earlier, it fetches a new one and calls once more.
func (t *apiTarget) call(ctx context.Context, r *delivery.Request) delivery.Result {
	s := t.o.s
	d := s.destinationByARN(*t.spec.Arn)
	if d == nil {
		return permanent("NO_RESOURCE", "API destination %s does not exist", *t.spec.Arn)
	}
	c, err := s.connectionByARN(d.Connection)
	if err != nil {
		return permanent("NO_RESOURCE", "connection %s of the API destination does not exist", d.Connection)
	}
	if c.State != api.ConnectionStateAuthorized {
		return permanent("NO_PERMISSIONS", "connection %s is not authorized (%s)", c.arn(), c.State)
	}
	auth, err := s.unseal(c)
	if err != nil {
		s.config.Logger.Error("calling an API destination", "destination", d.arn(), "error", err)
		return permanent("NO_PERMISSIONS", "the credentials of connection %s cannot be opened", c.arn())
	}
	result, refused := t.try(ctx, d, c, auth, r)
	if !refused {
		return result
	}
	t.o.tokens.forget(c)
	// A second call is one more for the destination's rate.
	if p := t.o.pacer(d); p.Wait(ctx) != nil {
		return result
	}
	again, _ := t.try(ctx, d, c, auth, r)
	return again
}

// try makes one request. refused tells that the endpoint answered 401 to a
// token that may have grown old.
func (t *apiTarget) try(ctx context.Context, d *destination, c *connection, auth *credentials, r *delivery.Request) (result delivery.Result, refused bool) {
	ctx, cancel := clock.WithTimeout(ctx, t.o.s.config.Clock, callTimeout)
	defer cancel()
	if r.Sent != nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
			t.o.s.config.Clock.AfterFunc(arrival, r.Sent) // after the answer it does nothing
		}})
	}
	request, err := t.request(ctx, d, auth, r)
	if err != nil {
		return permanent("INVALID_PARAMETER", "%s%s.", callFailed, err), false
	}
	cached, err := t.o.authorize(ctx, request, c, auth)
	if err != nil {
		return failed(ctx, fmt.Errorf("fetching a token for connection %s: %w", c.Name, err)), false
	}
	ended := t.o.s.called(d, request)
	response, err := t.o.client.Do(request)
	if err != nil {
		result := failed(ctx, err)
		ended(0, result.Message)
		return result, false
	}
	ended(response.StatusCode, "")
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection can be used again
	return judge(response, t.o.s.config.Clock.Now()), cached && response.StatusCode == http.StatusUnauthorized
}

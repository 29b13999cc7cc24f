package httpapi

import (
	"net/http"
	"strconv"

	"github.com/signalbox/signalbox/services/apigateway/accesslog"
	"github.com/signalbox/signalbox/wire"
)

// sent is what the client got.
type sent struct{ status, length int }

// logAccess writes the request's line of the stage's access log.
func (c *call) logAccess() {
	settings := c.d.Stage.AccessLogSettings
	if settings == nil || wire.Value(settings.Format) == "" || c.sent.status == 0 {
		return
	}
	// The client need not wait for it.
	_ = http.NewResponseController(c.w).Flush()
	now := c.Clock.Now()
	own := map[string]string{
		"status": strconv.Itoa(c.sent.status), "responseLength": strconv.Itoa(c.sent.length), "dataProcessed": strconv.Itoa(len(c.body) + c.sent.length),
		"responseLatency": strconv.FormatInt(now.Sub(c.began).Milliseconds(), 10),
	}
	if c.latency > 0 {
		own["integrationLatency"] = strconv.FormatInt(c.latency.Milliseconds(), 10)
		own["integration.latency"] = own["integrationLatency"]
	}
	if c.answered != 0 {
		own["integrationStatus"] = strconv.Itoa(c.answered)
		own["integration.status"], own["integration.integrationStatus"] = own["integrationStatus"], own["integrationStatus"]
	}
	if c.failed != nil {
		own["error.message"], own["error.messageString"] = c.failed.message, strconv.Quote(c.failed.message)
		if c.failed.cause != nil {
			own["integrationErrorMessage"], own["integration.error"] = c.failed.cause.Error(), c.failed.cause.Error()
		}
	}
	x := c.exchange(nil)
	line := accesslog.Line(*settings.Format, func(name string) (string, bool) {
		if v, ok := own[name]; ok {
			return v, true
		}
		values, ok := x.Value("context." + name)
		if !ok {
			return "", false
		}
		return values[0], true
	})
	scope, group, err := accesslog.Group(wire.Value(settings.DestinationArn))
	if err == nil {
		err = c.Logs.Write(c.r.Context(), scope, group, c.api+"/"+*c.d.Stage.StageName, now, line)
	}
	if err != nil {
		c.log(err)
	}
}

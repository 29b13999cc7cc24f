package pipes

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/wire"
)

// diary writes down the steps of one batch for the pipe's log group, as far as
// its level asks for them (user guide, page eb-pipes-logs-schema). The nil diary
// writes nothing.
type diary struct {
	s       *Service
	pipe    *pipe
	level   int
	id      string
	entries []LogEvent
}

// levels are the log levels; each writes what those before it write.
var levels = map[string]int{LogLevelOff: 0, LogLevelError: 1, LogLevelInfo: 2, LogLevelTrace: 3}

// maxPayload bounds the payload of an entry, in bytes.
const maxPayload = 100 << 10

// diary begins the diary of a batch; nil where the pipe keeps none.
func (s *Service) diary(p *pipe) *diary {
	if p.Log == nil || p.Log.CloudwatchLogsLogDestination == nil || levels[*p.Log.Level] == 0 {
		return nil
	}
	return &diary{s: s, pipe: p, level: levels[*p.Log.Level], id: uuid.NewString()}
}

func (d *diary) begin(records []json.RawMessage) {
	if d == nil {
		return
	}
	payload, err := json.Marshal(records)
	if err != nil {
		return
	}
	d.write(LogLevelInfo, "EXECUTION_STARTED", string(payload), "")
}

// note writes one step. why is of one that failed.
func (d *diary) note(level, step, why string) {
	if d != nil {
		d.write(level, step, "", why)
	}
}

func (d *diary) write(level, step, payload, why string) {
	if levels[level] > d.level {
		return
	}
	now := d.s.Clock.Now()
	entry := map[string]any{
		"resourceArn": d.pipe.arn(), "timestamp": strconv.FormatInt(now.UnixMilli(), 10), "executionId": d.id,
		"messageType": step, "logLevel": level,
	}
	if payload != "" && len(d.pipe.Log.IncludeExecutionData) > 0 {
		if len(payload) > maxPayload {
			entry["truncatedFields"] = []string{"payload"}
			payload = payload[:maxPayload]
		}
		entry["payload"] = payload
	}
	if why != "" {
		entry["error"] = map[string]string{"message": why}
	}
	text, err := json.Marshal(entry)
	if err != nil {
		return
	}
	d.entries = append(d.entries, LogEvent{Time: now, Text: string(text)})
}

// end writes the last step and hands the diary to the log group. A log group
// that does not take it keeps no batch from its way.
func (d *diary) end(ctx context.Context, failed string) {
	if d == nil {
		return
	}
	if failed == "" {
		d.write(LogLevelInfo, "EXECUTION_SUCCEEDED", "", "")
	} else {
		d.write(LogLevelError, "EXECUTION_FAILED", "", failed)
	}
	if len(d.entries) == 0 {
		return
	}
	group := wire.Value(d.pipe.Log.CloudwatchLogsLogDestination.LogGroupArn)
	for _, r := range d.s.Outlets.Write(ctx, group, streamName(d.pipe, d.s.Clock.Now()), d.entries) {
		if r.Kind != delivery.Success {
			d.s.Logger.Warn("writing a pipe's log", "pipe", d.pipe.arn(), "group", group, "error", r.Message)
			return
		}
	}
}

// streamName is the log stream of a day.
func streamName(p *pipe, now time.Time) string { return p.Name + "/" + now.UTC().Format("2006/01/02") }

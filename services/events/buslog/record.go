package buslog

import (
	"encoding/json"
	"time"

	"github.com/signalbox/signalbox/hub/journey"
)

// The levels of a bus's LogConfig; each has all that the one before it has.
const (
	levelError = "ERROR"
	levelInfo  = "INFO"
)

// has tells whether a bus of some level logs the steps of another.
func has(level, step string) bool {
	switch level {
	case levelError:
		return step == levelError
	case levelInfo:
		return step == levelError || step == levelInfo
	}
	return true
}

// record is one line of a log.
type record struct {
	at   time.Time
	text []byte
}

type recordList []record

// all yields them, as [Sink] takes them.
func (l recordList) all(yield func(time.Time, []byte) bool) {
	for _, r := range l {
		if !yield(r.at, r.text) {
			return
		}
	}
}

// records are a batch, by log type.
type records map[string]recordList

func recordsOf(b Bus, s journey.Step) records {
	r := records{}
	r.add(b, s)
	return r
}

// add adds the record of a step, if the bus's level has it.
func (r records) add(b Bus, s journey.Step) {
	level := s.Type.LogLevel()
	if !has(b.Level, level) {
		return
	}
	if !b.Detail {
		s.Event = withoutDetail(s.Event)
	}
	text, err := s.MarshalJSON()
	if err != nil {
		return // a step always has its JSON
	}
	r[level+"_LOGS"] = append(r[level+"_LOGS"], record{s.Time, text})
}

// withoutDetail is an event's envelope that lacks its detail.
func withoutDetail(envelope []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(envelope, &members) != nil {
		return nil
	}
	delete(members, "detail")
	text, _ := json.Marshal(members)
	return text
}

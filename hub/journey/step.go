package journey

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Type is a step's message_type.
type Type string

// The steps that are told, in the words of the page eb-event-logs-schema.
const (
	EventReceipt            Type = "EVENT_RECEIPT"
	EventIngestSuccess      Type = "EVENT_INGEST_SUCCESS"
	RuleMatchStart          Type = "RULE_MATCH_START"
	RuleMatch               Type = "RULE_MATCH"
	NoStandardRulesMatched  Type = "NO_STANDARD_RULES_MATCHED"
	InvocationStart         Type = "INVOCATION_START"
	AttemptStart            Type = "INVOCATION_ATTEMPT_START"
	AttemptSuccess          Type = "INVOCATION_ATTEMPT_SUCCESS"
	AttemptRetryableFailure Type = "INVOCATION_ATTEMPT_RETRYABLE_FAILURE"
	AttemptPermanentFailure Type = "INVOCATION_ATTEMPT_PERMANENT_FAILURE"
	AttemptThrottle         Type = "INVOCATION_ATTEMPT_THROTTLE"
	InvocationSuccess       Type = "INVOCATION_SUCCESS"
	InvocationFailure       Type = "INVOCATION_FAILURE"
	InvocationDLQ           Type = "INVOCATION_DLQ"
)

// LogLevel is the lowest level of a bus's LogConfig at which the step is
// logged: "ERROR", "INFO" or "TRACE".
func (t Type) LogLevel() string {
	switch t {
	case AttemptRetryableFailure, AttemptPermanentFailure, AttemptThrottle, InvocationFailure, InvocationDLQ:
		return "ERROR"
	case EventIngestSuccess, RuleMatch, NoStandardRulesMatched, InvocationSuccess:
		return "INFO"
	}
	return "TRACE"
}

// Level says how much of the journeys is kept.
type Level uint8

const (
	All      Level = iota // every record
	Failures              // failed attempts, and outcomes other than delivered
	Off                   // nothing
)

// ParseLevel reads "all", "failures" or "off".
func ParseLevel(s string) (Level, error) {
	switch s {
	case "all":
		return All, nil
	case "failures":
		return Failures, nil
	case "off":
		return Off, nil
	}
	return 0, fmt.Errorf("the level of journeys is all, failures or off, not %q", s)
}

// Step is one step of an event's journey. Members that say nothing about a
// step of its Type are zero.
type Step struct {
	Type    Type
	Time    time.Time // to the millisecond
	Bus     string
	EventID string
	Event   []byte // of EVENT_ and RULE_MATCH_START steps: the event

	Rule         string   // ARN
	Targets      []string // of RULE_MATCH: the ARNs of the rule's targets
	Invocations  []string // of RULE_MATCH: one id for each of Targets
	Target       string   // ARN
	Subscription string   // the hub's name for rule and target
	Invocation   string   // id of the event's way to this target

	Attempt     int           // number of the attempt, 1 for the first; of a final step, how many there were
	AttemptType string        // FIRST, RETRY, or THROTTLE: a retry after a throttle
	Status      string        // SUCCESS, or the failure's code
	Duration    time.Duration // of the attempt
	ToStart     time.Duration // from ingestion to the start of the first attempt; told with that attempt's final step only
	ToComplete  time.Duration // from ingestion to the outcome
	HTTPStatus  int           // where the target speaks HTTP
	Message     string        // of a failure
}

type stepJSON struct {
	ResourceARN  string         `json:"resource_arn"`
	EventID      string         `json:"event_id"`
	InvocationID string         `json:"invocation_id,omitempty"`
	Timestamp    int64          `json:"message_timestamp_ms"`
	MessageType  Type           `json:"message_type"`
	LogLevel     string         `json:"log_level"`
	Details      any            `json:"details"`
	Error        *stepErrorJSON `json:"error,omitempty"`
}

type stepErrorJSON struct {
	HTTPStatus int    `json:"http_status_code,omitzero"`
	Message    string `json:"error_message"`
	Service    string `json:"aws_service"`
}

type receiptJSON struct {
	Account    string   `json:"caller_account_id"`
	SourceTime int64    `json:"source_time_ms"`
	Source     string   `json:"source"`
	DetailType string   `json:"detail_type"`
	Resources  []string `json:"resources"`
	Detail     string   `json:"event_detail,omitempty"`
}

type matchJSON struct {
	Rule        string   `json:"rule_arn"`
	Targets     []string `json:"target_arns"`
	Invocations []string `json:"invocation_ids"`
}

type startJSON struct {
	Rule    string `json:"rule_arn,omitempty"`
	Target  string `json:"target_arn"`
	Attempt int    `json:"attempt_count"`
}

type attemptJSON struct {
	Rule     string `json:"rule_arn,omitempty"`
	Target   string `json:"target_arn"`
	Type     string `json:"attempt_type"`
	Attempt  int    `json:"attempt_count"`
	Status   string `json:"invocation_status"`
	Duration int64  `json:"target_duration_ms"`
}

type outcomeJSON struct {
	Rule       string `json:"rule_arn,omitempty"`
	Target     string `json:"target_arn"`
	Attempts   int    `json:"total_attempts"`
	Status     string `json:"final_invocation_status"`
	ToStart    *int64 `json:"ingestion_to_start_latency_ms,omitempty"`
	ToComplete *int64 `json:"ingestion_to_complete_latency_ms,omitempty"`
	ToSuccess  *int64 `json:"ingestion_to_success_latency_ms,omitempty"`
	Duration   int64  `json:"target_duration_ms"`
}

// MarshalJSON writes the step as a record of the schema. The event's detail is
// told whole, as where a bus's LogConfig has IncludeDetail FULL.
func (s Step) MarshalJSON() ([]byte, error) {
	out := stepJSON{
		ResourceARN: s.Bus, EventID: s.EventID, InvocationID: s.Invocation,
		Timestamp: s.Time.UnixMilli(), MessageType: s.Type, LogLevel: s.Type.LogLevel(),
	}
	switch s.Type {
	case EventReceipt, EventIngestSuccess, RuleMatchStart:
		out.Details = receiptOf(s.Event)
	case RuleMatch:
		out.Details = matchJSON{s.Rule, s.Targets, s.Invocations}
	case InvocationStart, AttemptStart:
		out.Details = startJSON{s.Rule, s.Target, s.Attempt}
	case AttemptSuccess, AttemptRetryableFailure, AttemptPermanentFailure, AttemptThrottle:
		out.Details = attemptJSON{s.Rule, s.Target, s.AttemptType, s.Attempt, s.Status, s.Duration.Milliseconds()}
	case InvocationSuccess, InvocationFailure, InvocationDLQ:
		d := outcomeJSON{Rule: s.Rule, Target: s.Target, Attempts: s.Attempt, Status: s.Status, Duration: s.Duration.Milliseconds()}
		if s.Attempt == 1 {
			d.ToStart, d.ToComplete = new(s.ToStart.Milliseconds()), new(s.ToComplete.Milliseconds())
		}
		if s.Type == InvocationSuccess {
			d.ToSuccess = new(s.ToComplete.Milliseconds())
		}
		out.Details = d
	default:
		out.Details = struct{}{}
	}
	if s.Message != "" {
		out.Error = &stepErrorJSON{s.HTTPStatus, s.Message, serviceOf(s.Target)}
	}
	return json.Marshal(out)
}

func receiptOf(envelope []byte) receiptJSON {
	var e struct {
		Account    string         `json:"account"`
		Time       time.Time      `json:"time"`
		Source     string         `json:"source"`
		DetailType string         `json:"detail-type"`
		Resources  []string       `json:"resources"`
		Detail     jsontext.Value `json:"detail"`
	}
	// An envelope that came whole from elsewhere may lack members or have
	// them of another kind; what can be read of it is told.
	_ = json.Unmarshal(envelope, &e)
	r := receiptJSON{e.Account, 0, e.Source, e.DetailType, e.Resources, string(e.Detail)}
	if !e.Time.IsZero() {
		r.SourceTime = e.Time.UnixMilli()
	}
	return r
}

// serviceOf is the service part of an ARN.
func serviceOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 4); len(parts) == 4 {
		return parts[2]
	}
	return "events"
}

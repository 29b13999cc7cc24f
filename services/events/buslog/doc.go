// Package buslog writes the logs of event buses: what becomes of each event, as
// the records of EventBridge's log schema (user guide, pages eb-event-bus-logs
// and eb-event-logs-schema), to where deliveries of CloudWatch Logs carry them.
//
//	hub.Steps, hub.Tail ── level, detail ──► Sink, by log type: ERROR_LOGS, INFO_LOGS, TRACE_LOGS
//
// A bus whose LogConfig has a level is followed while the server runs. Records
// are written in batches, a moment after they were noted. Like all journeys they
// are a report: what passed while nobody followed, or while the sink failed, is
// not told, and events never wait for their records.
package buslog

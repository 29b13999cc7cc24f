// Package journey keeps and tells what became of each event of a bus.
//
// What is told are [Step]s: the records of EventBridge's event bus log schema
// (user guide, page eb-event-logs-schema), from EVENT_RECEIPT over RULE_MATCH
// and each INVOCATION_ATTEMPT to INVOCATION_SUCCESS, INVOCATION_FAILURE or
// INVOCATION_DLQ.
//
// What is kept is far less, so that it costs next to nothing beside the
// events themselves: one record for each set of matches, one for each failed
// attempt, one for each outcome, a dozen bytes each. A [Journal] collects the
// records of one bus in memory and appends them to a log of their own in
// blocks; [Steps] makes the steps of them when somebody asks. Receipts are
// not kept at all: the bus's own log has them.
//
// A journey is a report, not the outcome itself. A crash loses the records
// of the last block, at most what was collected since the last
// [Journal.Flush]; where the log cannot be written, records beyond a few
// megabytes are given up and counted ([Journal.Lost]). Whoever moves a cursor
// past an event flushes the journal first: then a crash that loses an event's
// records also has the event delivered, and recorded, again.
package journey

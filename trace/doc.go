// Package trace keeps what called what: the spans of traces, across services.
//
//	request ──► span ──► header with the span as Parent ──► whatever is called ──► its span …
//	                └──► Journal: a log, trimmed by age ──► Find ──► all spans of the trace
//
// A [Header] is X-Ray's: SDKs in functions send on what they got
// (X-Amzn-Trace-Id), and who calls from inside passes it on as text. Each span
// names the one above it, so that the spans of a trace are a tree. Events of
// buses have spans of their own ([EventSpan]), known from the event's id alone;
// what became of them there, journeys tell.
//
// Only what belongs to a trace has spans: a request that an SDK makes from
// outside, without the header, costs nothing.
//
// Spans are a report. They are written in the background, a moment after they
// ended; a crash loses those of that moment, and where the log cannot be
// written they are given up and counted ([Journal.Lost]). No payloads, headers
// or query strings are in them.
package trace

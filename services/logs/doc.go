// Package logs is Amazon CloudWatch Logs, as far as event-driven applications
// need it: log groups and streams, written by services and by PutLogEvents, read
// by GetLogEvents and FilterLogEvents. A log group is also a target of rules
// ([Service.Target]).
//
// A group's events are one log of the engine, in the order of their coming; a
// stream is a name in its entries. Reading filters that log: from the place
// where the stream begins, where one stream is asked for. What is older than
// the group's retention is trimmed when the group is written or described.
//
// Vended logs, what other services log about their resources ([Service.Vend]),
// go to the log groups that deliveries name.
//
// Not covered: metric filters, subscription filters, Insights queries, exports,
// and of filter patterns those for JSON and for space-delimited events.
package logs

//go:generate go run ../../wire/wiregen

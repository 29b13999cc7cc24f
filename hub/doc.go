// Package hub is where events meet those who react to them: buses and
// subscriptions.
//
// A bus is a log; whatever reacts to its events is a [Subscription]: a filter
// and a delivery, with a place in the log. An event's way:
//
//	Put        one append to the bus's log; the answer waits for nothing else
//	tail       one reader for all subscriptions that keep pace: each batch is
//	           matched once for all rules, and offered to the runners of the
//	           subscriptions that match (package delivery)
//	catchUp    one whose runner takes no more leaves the tail at that very
//	           event and reads the log itself, as slowly as it must, until it
//	           has reached the tail and joins it again
//	floors     in the background it is written how far every subscription is:
//	           everything below its floor is settled, or a durable retry
//	trim       what is older than the retention, and below all floors, goes
//
// # What it promises
//
//   - A Put that returned nil is durable, and its events are seen by every
//     subscription that there was, whatever ends when: after a crash each goes
//     on at its floor. An event may be delivered again, with the same id; that
//     is so for at most what came in since the floors were written last (a
//     second, or some 20,000 events, earlier) and what was under way.
//   - A subscription hurts only itself. It has its runner's bounded window,
//     and while it reads for itself a bounded batch; its backlog is the log.
//     Puts wait for the log alone.
//   - Subscribe and Unsubscribe take effect at the log's end: what is put
//     after Subscribe has returned is seen by the subscription as it was given.
//   - The journeys of events (package journey) are told by Trace. They are a
//     report beside the outcome; a crash may lose the last of them.
//
// The hub knows no AWS wire format but the event's own form, and nothing of
// targets but what package delivery asks of them. Names of buses are opaque.
package hub

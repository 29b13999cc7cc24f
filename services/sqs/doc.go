// Package sqs is Amazon Simple Queue Service: standard and FIFO queues over
// the engine's queues and records.
//
// A queue is a record (its attributes and tags) and an engine queue (its
// messages). Records are followed by a watch into immutable snapshots, so that
// no call on the way of a message takes a lock that others hold: a send is a
// look-up, a validation and one group-committed Enqueue.
//
//	SendMessage ── validate ── envelope ── Enqueue ──► answer, durable
//	ReceiveMessage ── Lease ─┬─ expired (retention) ──────► settled
//	                         ├─ received too often ───────► Enqueue at the dead-letter queue, then settled
//	                         └─ else ─────────────────────► answer with a receipt handle
//	DeleteMessage ── Settle
//
// # What it covers
//
// All 23 operations of the API of 2012-11-05, in the JSON protocol and in the
// query protocol of older SDKs. Every attribute is validated with the bounds
// that the API reference gives; encryption attributes are kept and returned
// (what is on disk is not encrypted by them). Policies are kept and returned;
// they are not evaluated here. Message move tasks are durable and go on after
// a restart.
//
// # Its rooms
//
//	address    queues by account, region and name; ARNs and queue URLs
//	settings   attributes, redrive policies, permissions
//	message    bodies, attributes, digests, receipt handles, what the engine keeps
//	moves      message move tasks
//	refuse     the errors that all of them share
//
// Here is what they serve: the operations, the way of a message through the
// engine, and the queue as a target.
//
// # What it promises
//
//   - A message whose send was answered is there until it was deleted, has
//     outlived the retention period, or was purged. It is delivered at least
//     once; a FIFO queue accepts a deduplication id once in five minutes.
//   - A message moved to a dead-letter queue is durable there before it leaves
//     its source.
//   - A FIFO group gives out nothing while one of its messages is in flight.
//   - A long poll takes no processor while it waits, and ends with its client.
//
// Where AWS only makes a developer wait (a name that cannot be used for 60 s
// after DeleteQueue, one PurgeQueue in 60 s), waiting is an option, off by
// default.
//
// The queue as a target of events is [Service.Target], as a dead-letter queue
// of subscriptions [Service.DeadLetters]; [Service.Receive], [Service.Settle]
// and [Service.Release] read it from inside.
package sqs

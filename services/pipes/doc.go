// Package pipes is Amazon EventBridge Pipes: from one source, through a filter
// and an enrichment, to one target.
//
//	queue, change stream ── package sources: batch, filter ── enrichment ── template ── target
//	         ▲                                                                            │
//	         └── settled; or the failed ones again, later; or the dead-letter queue ◄─────┘
//
// A pipe that is RUNNING has one reader, a [sources.Mapping], which takes batches
// of the source in its order and hands each to the pipe's flow. The flow makes
// the target's inputs and sends them; what could not be sent it names, and the
// reader sees to it that these come again: a queue's messages when their
// visibility time-out has passed, a stream's records after a back-off, their
// shard waiting behind them, halved where AUTOMATIC_BISECT says so, until
// retries or age are exhausted and the batch is told to the dead-letter queue.
//
// It promises: a message is deleted, and a shard's checkpoint moves, only when
// the target has what the record became, the filter has refused it, the
// enrichment has answered nothing, or it is durable at the dead-letter queue
// (or given up without one, as the pipe's own limits say). What is under way
// when the process dies comes again. LATEST is a place in each shard that is
// durable before CreatePipe answers. Records of one shard and key, and messages
// of one group, are sent one after another.
//
// # What it covers
//
// Sources: queues and the change streams of tables. Enrichment: functions.
// Targets: event buses, functions, queues, API destinations, log groups. Other
// sources, enrichments and targets are refused by name.
//
// # Where it differs from AWS
//
//   - A pipe is in its new state when the call has answered; the answers say
//     CREATING, UPDATING and so on as AWS's do.
//   - Where a source is not there the pipe is CREATE_FAILED, or START_FAILED;
//     a pipe is never disabled for failures of its target.
//   - Roles are kept and told.
package pipes

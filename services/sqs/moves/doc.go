// Package moves is the life of SQS's message move tasks: what brings the
// messages of a dead-letter queue back. A task is a record; it is durable once
// [Tasks.Start] returns, and goes on after a restart, on whichever node holds
// its lease.
//
//	Start ──► RUNNING ── batch after batch, at the task's rate ──► COMPLETED | FAILED
//	              └── Cancel ──► CANCELLING ── the last batch ──► CANCELLED
//
// A source has one active task at a time: a second record, which stands as long
// as the task is active, sees to it. How messages are moved the package does not
// know; whoever owns the queues gives it a [Batch]. A batch that failed half way
// is tried again, so that it has to take the same message twice for one.
package moves

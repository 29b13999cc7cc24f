// Package sources reads event sources for functions and pipes: queues and change
// streams.
// A mapping is one source for one function; [Run] works on it until its context
// ends.
//
//	queue  ── Receive ── filter ── batch ── invoke ──► Settle what succeeded; the rest is visible again later
//	shard  ── Read ── filter ── batches by key ── invoke ──► checkpoint
//	              └─ failed: halves, retries, age ──► on-failure destination, checkpoint
//
// It promises: a message is deleted, and a checkpoint moves past a record, only
// when the function has taken it, the filter has refused it, or what became of
// it is durable at the on-failure destination; records of one key are handed
// over in their order; a source that fails is tried again, and costs others
// nothing.
package sources

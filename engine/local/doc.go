// Package local is the engine for one machine: everything lies in one
// directory, in a Pebble database and, for blobs, in files beside it.
//
// # How a write passes through
//
// A writer hands its request to the committer and waits. The committer takes
// all requests that have gathered, gives out positions, revisions and ids in
// order, and builds one Pebble batch of them, so that one fsync serves them
// all. The syncer waits for that fsync, publishes what the batch holds to the
// readers' view in memory, and answers the writers. While it waits the
// committer builds the next batch.
//
// # How a read passes through
//
// Pebble shows a batch before it is durable, so no read trusts it alone. Logs
// and queues know the highest position and id that is published, and look no
// further. Records (and whatever else joins by [Engine.Commit]) are read in a
// snapshot from before the oldest batch under way that touches them .
//
// # What it promises
//
// What package engine promises. After a failed write or fsync nobody can know
// what is on the disk: the engine then refuses all further writes with that
// first error, and must be opened anew.
//
// # Where things are
//
//	internal/store   the database, the way of writes, names, the engine's own time
//	internal/queue   queues: messages, leases of them, groups, dedup
//	internal/blobs   blobs in files
//	this package     records and watching them, logs and their tails, leases by
//	                 name, and the writes of those who join by Commit and Transact
//
// All keys begin with one byte that names their room. Names of logs,
// queues and collections are replaced by short numbers given out once, so that
// a dropped log's successor shares no key with it.
package local

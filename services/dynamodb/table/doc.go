// Package table keeps tables: their items, the entries of their indexes, and
// the records of their change streams, in one ordered store. It knows
// DynamoDB's data model and nothing of its wire.
//
//	Write ──► Store.Transact ─┬─ read the item as it is
//	                          ├─ condition, update, rules of keys and sizes
//	                          ├─ item, index entries, expiry, counts    one batch,
//	                          └─ change record, appended to a log       one group commit
//	Read  ──► Store.View ────── a range of items or of index entries, page by page
//
// # What is where
//
// An item is stored under its table, a hash of its partition key, and its keys
// in their order: a partition's items lie together in the order of their sort
// keys, and a segment of a parallel scan is a range of hashes. Its value is its
// size and its JSON, which is answered as it is where all of it is wanted. An
// entry of an index has the index's keys, then the item's, and no value: the
// item itself is read. An index is therefore never behind its table.
//
// # What it promises
//
//   - An item, its index entries and its stream record are durable together or
//     not at all; a write that was answered is durable.
//   - All writes pass one after the other through the engine's committer, each
//     seeing those before it, durable or not: no update is lost, and many
//     updates of one item share one fsync.
//   - A transaction changes all its items or none, and reads them as of one moment.
//   - Readers see what is durable, one moment for each page.
package table

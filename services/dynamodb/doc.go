// Package dynamodb is Amazon DynamoDB's tables: they are made, changed and
// described, with indexes, time to live, change streams, tags and policies; and
// it is the types of the whole API. Its folders are the rest of DynamoDB:
//
//	items ──────── the item operations, which look their tables up here
//	  expr, item ─ expressions and values
//	  partiql ──── statements
//	table ──────── where items, index entries and change records are kept
//	streams ────── the API of the change streams, which Changes reads
//
// Documents of tables (definition, settings, tags) are records of the engine,
// kept in memory. Items and indexes lie beside them in the same database, and
// the change stream of a table is an engine log, written in the same commit.
//
// # What it covers
//
// The item operations whole, with expressions and with the older members;
// batches; transactions with client tokens; tables with local and global
// indexes, the latter added and removed while the table is used; time to live;
// streams; policies of tables and streams. Throughput, encryption, table class, point-in-time recovery,
// contributor insights and tags are kept and told, and do nothing. PartiQL. Backups, global tables, imports
// and exports answer that they are not implemented.
//
// # Where it differs from AWS
//
//   - Reads are always consistent, also of global indexes and without
//     ConsistentRead; what a request may ask for is checked all the same.
//   - A table is ready when CreateTable answers, and gone when DeleteTable
//     does; their answers say CREATING and DELETING as AWS's do.
//   - Nothing is throttled.
//   - Items leave the table within seconds of their time to live, not days.
//   - A stream has one shard (Options.Shards for more), which is never split.
package dynamodb

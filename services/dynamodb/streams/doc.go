// Package streams is Amazon DynamoDB Streams: the change streams of tables, as
// kinesis clients and the AWS SDKs read them.
//
//	GetShardIterator ── stream, shard, position ──► iterator
//	GetRecords ── iterator ── Changes.Read ──► records, the next iterator
//
// An iterator holds all that is needed to go on: nothing is kept between two
// calls. It expires 15 minutes after it was given out. The records are those
// that package dynamodb's tables have written in the same commit as the items;
// they are kept for 24 hours.
package streams

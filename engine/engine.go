// Package engine states what Signalbox keeps its state in: records, logs,
// queues, leases and blobs.
//
// Everything above (hub, delivery, the services) is written against these
// interfaces and never learns which engine is beneath. Package local keeps
// them in an embedded database on one machine; an engine on NATS JetStream
// fits the same interfaces. Package enginetest holds the suite that every
// engine must pass: what the comments here promise is tested there, crashes
// included.
//
// # What every engine promises
//
//   - A write that returned nil survives power loss (or stands on a quorum).
//     A write that returned an error, or had not returned when the machine
//     died, is there whole or not at all.
//   - A reader sees a write only once it is durable.
//   - Names (collections, keys, logs, queues) are any non-empty UTF-8 text of
//     at most [MaxName] bytes without a NUL byte; others give [ErrName].
//     Nothing needs to be created before its first use: what was never
//     written is empty.
//   - Byte slices and strings handed in may be used again by the caller after
//     the call; those handed out belong to the caller.
//   - All methods are safe for concurrent use. They return early, with the
//     context's error, when the context ends; a write may then still happen.
//   - After Close every method returns [ErrClosed].
package engine

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// MaxName bounds names and keys, in bytes.
const MaxName = 2048

// What callers must be able to tell apart. Engines wrap these.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("the record was changed meanwhile")
	ErrClosed   = errors.New("the engine is closed")
	ErrName     = errors.New("a name is empty, too long, or holds a NUL byte")
	ErrLease    = errors.New("the lease is not held")
)

// Engine is one store.
type Engine interface {
	Records() Records
	Logs() Logs
	Queues() Queues
	Leases() Leases
	Blobs() Blobs
	// Close waits for writes under way, then gives everything back. It may
	// be called twice.
	Close() error
}

// A Revision counts the record writes of an engine: every [Records.Apply] has
// a higher one than all before. The first is 1.
type Revision uint64

// Conditions for [Write.If], beside the revision that a record must have.
const (
	Any    Revision = 0         // whatever is there
	Absent Revision = 1<<64 - 1 // nothing must be there
)

// Record is one small document.
type Record struct {
	Key      string
	Value    []byte
	Revision Revision // of the write that put it
}

// Write puts or deletes one record.
type Write struct {
	Collection string
	Key        string
	Value      []byte   // nil deletes; an empty value is put
	If         Revision // Any, Absent, or the revision that the record must still have
}

// Change is a record's new state as a watcher sees it.
type Change struct {
	Record
	Deleted bool
}

// Records keeps small documents (up to a megabyte) in named collections.
type Records interface {
	// Get returns the record, or ErrNotFound.
	Get(ctx context.Context, collection, key string) (Record, error)

	// List returns up to limit records (0: all) whose keys begin with prefix
	// and lie behind after, in the byte order of their keys.
	List(ctx context.Context, collection, prefix, after string, limit int) ([]Record, error)

	// Apply makes all the writes or none. Where a condition fails it returns
	// ErrConflict and changes nothing. No two writes may name one record.
	Apply(ctx context.Context, writes ...Write) (Revision, error)

	// Watch yields every change of the collection's records with a revision
	// above after, in order, and goes on until the context ends or the caller
	// stops. A record that was changed several times may be yielded only in
	// its last state. Changes of before the watch began are yielded only as
	// far as they still stand: a deletion is seen by those who watched.
	Watch(ctx context.Context, collection string, after Revision) iter.Seq2[Change, error]
}

// A Position is an entry's place in its log. The first is 1; later entries
// have higher ones; the entries of one Append have consecutive ones.
type Position uint64

// Entry is one entry of a log.
type Entry struct {
	Position Position
	Time     time.Time // when it was appended, to the millisecond; never before its predecessor's
	Data     []byte
}

// Logs are append-only sequences of entries.
type Logs interface {
	// Append writes the entries, whole or not at all, and returns the first
	// one's position.
	Append(ctx context.Context, log string, data ...[]byte) (Position, error)

	// Bounds returns the position of the oldest entry that is kept and the
	// position that the next Append will get at least; they are equal where
	// the log is empty. Positions are never used twice, also when all
	// entries were trimmed; after Drop they may begin anew.
	Bounds(ctx context.Context, log string) (first, next Position, err error)

	// Seek returns the position of the first entry appended at or after t,
	// or Bounds' next where there is none.
	Seek(ctx context.Context, log string, t time.Time) (Position, error)

	// Open reads from a position onwards, beginning with the oldest entry
	// kept if the position has been trimmed. Any number of readers may be
	// open; one that is idle costs a few hundred bytes.
	Open(ctx context.Context, log string, from Position) (Reader, error)

	// Trim forgets the entries below before.
	Trim(ctx context.Context, log string, before Position) error

	// Drop forgets the log.
	Drop(ctx context.Context, log string) error
}

// Reader reads one log in order. It is not safe for concurrent use.
type Reader interface {
	// Next appends to dst at least one entry and at most max, waiting for
	// one where the log has none yet. Data may be shared with other
	// readers: it must not be changed, and may be kept.
	Next(ctx context.Context, dst []Entry, max int) ([]Entry, error)
	// Close gives the reader back. A Next under way ends with ErrClosed.
	Close() error
}

// Message is work in a queue.
type Message struct {
	Body []byte
	// Due is the time before which it is not leased; zero: at once. Times
	// of queues are exact to the millisecond. A wall clock that is set back
	// makes no wait longer: what is due in a minute stays due in a minute.
	Due time.Time
	// Group holds messages in order: a group's messages are leased in the
	// order of their enqueuing, none while an earlier one of the group is
	// due later or leased. Empty: no order is kept beyond that messages
	// which fall due earlier are leased earlier, as a rule.
	Group string
	// Dedup makes a message that is enqueued again within DedupWindow, even
	// if the first one was settled since, count as enqueued before. Empty: never.
	Dedup string
}

// DedupWindow is how long a queue remembers [Message.Dedup].
const DedupWindow = 5 * time.Minute

// Leased is a message in the hands of who leased it.
type Leased struct {
	Message
	// ID is unique in the queue and grows in the order of enqueuing.
	ID uint64
	// Token proves this lease. It is opaque, and void once the message is
	// settled, put back, or leased again.
	Token string
	// Leases counts the leases of the message, this one included. A crash
	// may lose counts of leases that nobody settled.
	Leases int
	// Enqueued and First are the times of enqueuing and of the first lease.
	Enqueued, First time.Time
	// Until is when the lease ends and the message may be leased again.
	Until time.Time
}

// Depth counts a queue's messages.
type Depth struct {
	Due     int // could be leased now, or wait for earlier ones of their group
	Delayed int // not due yet
	Leased  int
	Oldest  time.Time // enqueuing of the oldest message; zero where there is none
	Next    time.Time // when the first message can be leased; zero where there is none
}

// Queues hold work that is done once its time has come.
type Queues interface {
	// Enqueue adds the messages, all or none, and returns their ids; for a
	// message that was dropped for its Dedup, the first one's id.
	Enqueue(ctx context.Context, queue string, messages ...Message) ([]uint64, error)

	// Lease takes up to max messages that are due, for d; it returns none,
	// at once, where none is. Several messages of one group may be leased
	// together, in order; then the group waits until all of them are settled
	// or put back. A lease need not survive a crash: the message is then due again.
	Lease(ctx context.Context, queue string, max int, d time.Duration) ([]Leased, error)

	// Settle removes messages for good, and tells of each token whether it
	// did: tokens that are void are skipped. Of a token that is given twice
	// one settles.
	Settle(ctx context.Context, queue string, tokens ...string) ([]bool, error)

	// PutBack ends a lease, or makes it longer or shorter: the message can
	// be leased again at due. With keep, the lease stays valid until then.
	// A body that is not nil takes the old one's place. ErrLease where the
	// token is void.
	PutBack(ctx context.Context, queue, token string, due time.Time, keep bool, body []byte) error

	// Wait returns when a message may be due. It may return early.
	Wait(ctx context.Context, queue string) error

	// Depth counts.
	Depth(ctx context.Context, queue string) (Depth, error)

	// Browse lists up to limit messages with ids above after, without leasing them.
	Browse(ctx context.Context, queue string, after uint64, limit int) ([]Leased, error)

	// Purge removes all messages but keeps what Dedup remembers; Drop forgets the queue.
	Purge(ctx context.Context, queue string) error
	Drop(ctx context.Context, queue string) error
}

// Leases give a name to one holder at a time, across nodes.
type Leases interface {
	// Acquire takes the name for ttl, or returns ErrLease where another
	// holds it.
	Acquire(ctx context.Context, name string, ttl time.Duration) (Lease, error)
}

// Lease is a name held.
type Lease interface {
	// Token is higher than that of every holder before.
	Token() uint64
	// Renew holds on for another ttl; ErrLease once it was lost.
	Renew(ctx context.Context) error
	// Release gives the name back.
	Release(ctx context.Context) error
}

// Digest names a blob: the lower-case hexadecimal SHA-256 of its content.
type Digest string

// Blobs keep large byte strings under the hash of their content.
type Blobs interface {
	// Put keeps what r yields and returns its name and size in bytes.
	Put(ctx context.Context, r io.Reader) (Digest, int64, error)
	// Open reads a blob; ErrNotFound where there is none.
	Open(ctx context.Context, d Digest) (Blob, error)
	// Delete forgets a blob; one that is not there is no error.
	Delete(ctx context.Context, d Digest) error
}

// Blob is an open blob.
type Blob interface {
	io.ReadSeekCloser
	io.ReaderAt
	// Size is in bytes.
	Size() int64
}

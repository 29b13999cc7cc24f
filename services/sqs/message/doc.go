// Package message is a message of SQS apart from any queue: what its parts may
// be, how it is kept, and what names and proves it.
//
//	body, attributes ── CheckBody, ReadAttribute ──► Envelope ── Encode ──► engine
//	engine ── Decode ──► Envelope ── MD5, MD5OfAttributes, Choose ──► answer, with a Handle
//
// Parts are refused with the errors of the API reference. An envelope and a
// receipt handle are read as they were written, or not at all: no bytes from
// disk and no text from a client make anything panic.
package message

// MaxSize is the most bytes that a message, or all messages of a batch, may
// have (1 MiB since August 2025).
const MaxSize = 1 << 20

// Package process runs one execution environment of a function: a process and
// the Runtime API (version 2018-06-01) that it talks to.
//
//	Start ── process with an environment of its own ──► GET  /runtime/invocation/next   idle
//	Invoke ── the answer to next ─────────────────────► handler
//	        ◄─ POST /runtime/invocation/{id}/response | /error
//	        ◄─ GET  /runtime/invocation/next            idle again: soon the process is frozen
//
// What the process writes to stdout and stderr, line by line, and the framed
// messages of runtime clients (descriptor 3, see [FrameHeader]) go to
// [Spec.Output]. When Invoke returns, everything that the process wrote before
// has been handed over.
//
// The process leads a process group of its own, which is killed as a whole. It
// inherits nothing: no environment, no descriptors. Between invocations it is
// soon stopped (SIGSTOP), as on AWS: what a handler left running goes on with the
// next invocation.
//
// It promises: Invoke returns when its context ends at the latest, whatever
// the process does; a process that hung, exited or was killed answers no second
// invocation; the memory that output and answers take is bounded.
package process

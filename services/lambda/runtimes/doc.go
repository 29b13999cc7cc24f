// Package runtimes knows how each Lambda runtime is run on this machine: which
// program, with which client of ours, and with which libraries that AWS's
// runtime of that name would have brought.
//
//	name ── Parse ──► Runtime ── Host.Find ──► Interpreter ── Host.Command ──► program and arguments
//	package's code ── Host.Provide ──► AWS SDK from the cache, filled with npm or pip at first use
//
// nodejs* and python* run with the machine's node and python3 (or python3.N,
// where there is one of the runtime's version) and the clients in clients/,
// which speak the Runtime API as AWS's own do. provided.* and go1.x run the
// package's program.
//
// It promises: what is missing is an [Error] that names it and says how to get
// it; the cache is only ever seen whole; a cache that has been filled is used
// without the network.
package runtimes

// Package sandbox keeps the execution environments of one version of a
// function: a process for each invocation under way, warm ones for those to
// come, and their logs.
//
//	Invoke ─┬─ a warm process, the last one used first
//	        └─ none: a new one, initialized within 10 s; of many that start at
//	           a time some wait, and take what gets idle meanwhile
//	START ── handler ── its output ── END, REPORT ──► log stream of the process
//
// What goes wrong in a function is an answer, in AWS's words
// (Sandbox.Timedout, Runtime.ExitError, …); an error is what kept it from
// running. A process that timed out, exited or failed to start is not used
// again. Idle ones are stopped after a time, and when their credentials are
// about to expire.
//
// It promises: an invocation waits for no other version's; Close lets those
// under way end and leaves no process behind; the output of a function that writes
// without end takes bounded memory, and does not delay others.
package sandbox

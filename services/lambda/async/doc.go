// Package async is the asynchronous invocations of functions: those of Invoke
// with Event, of rules and of everything else that hands over events and waits
// for no answer.
//
//	Submit, Target ── durable, then accepted ──► delivery.Runner of the function
//	    ──► Config.Invoke, again after an error: twice, a minute and two later
//	    ├─ success ──► the destination OnSuccess
//	    └─ given up ──► the destination OnFailure, the dead-letter queue
//
// It promises: what was accepted ends in one of the two, whatever dies when;
// the handler may run more than once. What is sent to a destination is durable
// before the invocation is forgotten, and tried until the destination takes it.
// A throttled invocation waits for its turn and counts as no attempt.
package async

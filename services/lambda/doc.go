// Package lambda is AWS Lambda: functions, their versions, aliases, layers,
// URLs and event source mappings, and their invocation. Functions run as
// processes on this machine, without containers.
//
//	CreateFunction ── bundle.Check ──► engine.Blobs, and a record
//	Invoke ── alias ─► version ─► concurrency ─► sandbox.Pool ─► process ─► answer
//	   Event ── delivery.Runner (durable, then 202) ─► the same ─► destinations, dead letters
//	URL, event source mapping, rule's target ── the same two ways
//
// Its parts are in folders: api (types, operations, errors: what all parts
// share), catalog (the functions that there are), async (asynchronous
// invocations and destinations), mapping (event source mappings) over sources
// (queues and streams), urls over httpevent (requests as events, answers as
// responses), bundle (zip files), runtimes (what programs there are), process
// (one execution environment), sandbox (a version's environments), watch (source
// code that changes), provisioned (processes that are kept ready), permission
// (resource policies), need (who may do what). Here are functions, versions, aliases, layers and
// permissions, and Invoke.
//
// # What it covers
//
// The operations of api/operations.txt. Runtimes nodejs*, python*, provided.* and
// go1.x; a version that the machine does not have runs with the one that it
// has, and says so. Not covered: container images, VPCs, file systems,
// extensions, response streaming (a streaming handler's answer is gathered and
// sent whole), and code signing. A function's memory is told and bounds the heap of
// Node, but is not enforced otherwise. Code and layers lie where LAMBDA_TASK_ROOT
// and PATH say: paths below /var/task and /opt are understood in environment
// variables, not in code.
//
// In development the bucket hot-reload holds the folders of this machine, by
// their absolute paths: such code runs where it lies, and a change of it counts
// from the next invocation on. What node_modules holds does not count as a change.
//
// # What it promises
//
//   - An asynchronous invocation that was accepted ends in its handler's
//     success or in its on-failure destination and dead letters, whatever dies
//     when. Its handler may run more than once.
//   - What a function does wrong is answered with AWS's error type and text,
//     and costs other functions nothing.
//   - Environment variables are sealed at rest.
package lambda

// Package gateway is the front door: every request to Signalbox, of whatever
// service, comes in here. It passes through in this order:
//
//	exchange   a request id, a time, counters, and at the end a line in the access log
//	routes     hosts and paths that a service has claimed (APIs, function URLs, sites): handed over unread
//	own        /_signalbox/ and /_localstack/: health here, the rest to Config.Extra
//	CORS       browsers' preflights
//	address    which service is meant: signature scope, X-Amz-Target, path, host, form (see address.go)
//	caller     whose key it is, by Config.Keys, before anything of the body is read
//	body       read whole, up to the service's limit; of strangers, hardly anything
//	signature  SigV4, by package sigv4
//	serve      the service's operation table, package wire, which asks Config.Authorize before it calls
//
// It promises: a request that is refused reaches no operation, and is answered
// with the error code that AWS has for it in the protocol that the request
// speaks; keys that are known are always verified; in development mode unknown
// keys and unsigned requests are accepted from this machine only; each answer
// bears a request id; a panic of an operation costs that one request.
package gateway

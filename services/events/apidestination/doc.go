// Package apidestination is EventBridge's connections and API destinations: how
// events leave over HTTP.
//
//	target ── destination ─► connection ─► credentials, OAuth token ─► request ─► endpoint
//	                └ rate (delivery.Pacer), shared by all who call it
//
// [Destinations] keeps both as documents, answers their operations, and makes
// an API destination a [delivery.Target] for rules and for others. It promises:
//
//   - Secrets are sealed at rest, open only for their own connection, and leave
//     the package in requests to the endpoint alone: in no answer, error or log.
//   - An endpoint that answers within [arrival] sees no more calls in any second
//     than its destination's rate, whoever calls.
//   - A token is fetched once for all who wait for it, before it expires, and
//     once more where the endpoint refuses it.
//   - A client of [NewClient] connects to no address that it was told to refuse,
//     whatever name or redirect led there.
package apidestination

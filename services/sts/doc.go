// Package sts answers who a caller is and hands out temporary credentials, as
// AWS Security Token Service does: GetCallerIdentity, AssumeRole,
// GetSessionToken and GetAccessKeyInfo, over the query protocol.
//
// The caller comes from the request that the gateway has verified; credentials
// are minted by an Issuer, which the gateway is, for it must know them again.
// The service itself keeps nothing. It promises that credentials expire when
// the answer says, and that a member that it does not know to keep to (MFA,
// transitive tags) is refused and never ignored. Whom a role trusts,
// ExternalId included, is decided before AssumeRole is called (package access).
package sts

//go:generate go run ../../wire/wiregen

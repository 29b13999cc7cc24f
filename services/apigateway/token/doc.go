// Package token verifies the JSON Web Tokens that callers of APIs show, by the
// keys that their issuers publish (developer guide, page
// http-api-jwt-authorizer):
//
//	token ──► issuer's /.well-known/openid-configuration ──► jwks_uri ──► signature ──► iss, aud, exp, nbf, iat
//
// Keys are kept for two hours, and asked for anew when a token names one that is
// not among them. Tokens are signed with RSA, as API Gateway asks for.
//
// It promises: only the issuers that a caller of [Verifier.Verify] names are ever
// asked, never those that a token names; what an issuer answers is bounded in
// size and time.
package token

// Package sigv4 verifies AWS Signature Version 4, the way in which SDKs prove
// who sends a request (IAM user guide, "AWS Signature Version 4 for API
// requests").
//
// A request passes in two steps. [Parse] reads what it says of its signer: from
// the Authorization header or, for presigned requests, from the query. The
// caller looks up the secret of that access key, and [Verifier.Verify] computes
// the signature again and compares:
//
//	canonical request   method, path, query, signed headers, hash of the body
//	string to sign      algorithm, time, scope, hash of the canonical request
//	signature           HMAC of it with a key derived from secret, date, region and service
//
// Bodies in the aws-chunked encoding (STREAMING-…) are signed chunk by chunk:
// Verify then answers for the headers only, and [Verifier.Chunks] reads and
// verifies the body.
//
// It promises: signatures are compared in constant time; a signature is good
// for five minutes before and after its time by the injected clock, a presigned
// request for as long as it says, seven days at most; no input makes it panic
// or take more than linear time (but for sorting query parameters); and an
// error's text holds nothing that the sender of the request did not send.
// Verification of a common SDK request allocates nothing.
package sigv4

// Package httpapi answers the requests that come to HTTP APIs. A request passes
// through it in this order:
//
//	find       the stage, by the path or $default; the route, by method and path
//	CORS       preflights are answered here where the API is configured for them
//	authorize  IAM, Lambda authorizers, JSON Web Tokens
//	integrate  function (payload 1.0 or 2.0) · HTTP server · operation of an AWS service
//	respond    with response parameters, and the API's CORS headers
package httpapi

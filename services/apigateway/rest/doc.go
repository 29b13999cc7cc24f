// Package rest answers the requests that come to deployed REST APIs. A request
// passes through it in this order, and what is refused is answered with the
// API's gateway response for that:
//
//	find       stage and deployment; resource and method by the path
//	body       read, at most 10 MiB
//	authorize  the API's policy; IAM, Lambda authorizers, user pools; API key and its usage plan
//	check      required parameters, the body by its model
//	integrate  proxy function · function, AWS service, HTTP server or mock with mappings · HTTP proxy
//	respond    mapped, or as the proxy says
package rest

// Package apigatewayv2 is the HTTP APIs of Amazon API Gateway: their
// configuration (the API of 2018). Package httpapi answers the requests to them.
//
// It covers the operations of operations.txt, for HTTP APIs. WebSocket APIs are
// refused when they are asked for; JWT authorizers are kept, and requests to
// routes that need one are refused by name.
//
// An API is one document: routes, integrations, authorizers, stages. A
// deployment freezes its routes, integrations and authorizers; a stage with
// automatic deployment gets a new one with each change.
package apigatewayv2

//go:generate go run ../../../wire/wiregen

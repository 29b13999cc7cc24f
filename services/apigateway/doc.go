// Package apigateway is Amazon API Gateway: its REST APIs (the API of 2015) here,
// its HTTP APIs (version 2) in folder v2, and what both share in folders below.
//
//	CreateRestApi, PutMethod, …, OpenAPI import ──► one document for each API
//	CreateDeployment ── freezes that document ──► a deployment
//	CreateStage ── names a deployment ──► where requests go
//	request ── rest: find, authorize, check, map ── backend: function, AWS service, HTTP, mock ──► response
//
// The folders: openapi reads OpenAPI 2.0 and 3.0 documents, imports makes
// definitions of them; patch is the patch operations of updates; mapping is the
// language of requestParameters and mapping templates ($input, $util, $context),
// schema that of models; address and domains find what a request is for; backend
// calls functions, other services and HTTP servers; token and verdict are what
// authorizers go by; accesslog writes lines for requests; refusal lists what REST
// APIs answer by themselves. rest answers the requests to REST APIs, httpapi
// those to HTTP APIs, which v2 keeps.
//
// # What it covers
//
// The operations of operations.txt. Kept and evaluated: resources, methods,
// integrations of all types, request validation, models (JSON schema draft 4),
// API keys, usage plans, gateway responses, stage variables, access logs, custom
// domain names, binary media types, resource policies, Lambda authorizers,
// Cognito user pools, JSON Web Tokens, IAM authorization. Refused when they are
// asked for: canary releases, caches, VPC links, response streaming, mutual TLS.
//
// # What it promises
//
//   - A request that is refused changes nothing; an import is applied whole.
//   - A deployment does not change with its API.
//   - An API's identifier is unique over all accounts and regions, as its host
//     name has to be.
package apigateway

//go:generate go run ../../wire/wiregen

// Package openapi reads OpenAPI documents, 2.0 (Swagger) and 3.0, in JSON or
// YAML, as API Gateway imports them: paths and their operations, parameters,
// bodies and responses with their schemas, security schemes, and the extensions
// x-amazon-apigateway-….
//
//	text ── JSON or YAML ──► tree ── $ref, 2.0 or 3.0 ──► Document
//
// What the two versions say differently a [Document] says in one way. It
// promises to end, and to hold no more than a bounded amount, whatever the text
// (aliases and references that grow or go in circles are errors).
package openapi

// Package mapping is the language in which API Gateway's integrations say what
// goes where: mapping expressions (method.request.header.X, context.requestId,
// stageVariables.name, 'literal'; user guide, page
// request-response-data-mappings) and mapping templates with $input, $util,
// $context and $stageVariables (page api-gateway-mapping-template-reference).
//
// An [Exchange] is what they speak of: the request, and once there is one the
// integration's response. The table in testdata is what Apache Velocity and
// Jayway's JsonPath give with such objects.
package mapping

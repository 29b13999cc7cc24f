terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" {}

variable "revision" {
  type    = number
  default = 1 # raised to see updates in place
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  endpoints {
    apigateway       = var.endpoint
    apigatewayv2     = var.endpoint
    cloudwatchevents = var.endpoint
    iam              = var.endpoint
    sqs              = var.endpoint
    logs             = var.endpoint
    sts              = var.endpoint
  }
}

data "aws_region" "current" {}

resource "aws_iam_role" "integration" {
  name = "integration"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "apigateway.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "integration" {
  role = aws_iam_role.integration.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["events:PutEvents", "sqs:SendMessage"], Resource = "*" }]
  })
}

resource "aws_cloudwatch_event_bus" "orders" {
  name = "orders"
}

# An API from an OpenAPI document: a request becomes an event with no code.
resource "aws_api_gateway_rest_api" "orders" {
  name        = "orders"
  description = "revision ${var.revision}"
  tags        = { revision = var.revision }
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "execute-api:Invoke", Resource = "arn:aws:execute-api:*:*:*/*", Condition = {
      IpAddress = { "aws:SourceIp" = ["0.0.0.0/0", "::/0"] }
    } }]
  })
  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "orders", version = "1.0" }
    x-amazon-apigateway-request-validators = {
      all = { validateRequestBody = true, validateRequestParameters = true }
    }
    x-amazon-apigateway-gateway-responses = {
      DEFAULT_4XX = {
        responseParameters = { "gatewayresponse.header.Access-Control-Allow-Origin" = "'*'" }
      }
    }
    components = {
      schemas = {
        Shipment = { type = "object", required = ["order_id"], properties = { order_id = { type = "string" } } }
      }
    }
    paths = {
      "/confirm-shipment" = {
        post = {
          x-amazon-apigateway-request-validator = "all"
          requestBody                           = { content = { "application/json" = { schema = { "$ref" = "#/components/schemas/Shipment" } } } }
          x-amazon-apigateway-integration = {
            httpMethod  = "POST"
            type        = "aws"
            uri         = "arn:aws:apigateway:${data.aws_region.current.name}:events:action/PutEvents"
            credentials = aws_iam_role.integration.arn
            responses   = { default = { statusCode = "200" } }
            requestParameters = {
              "integration.request.header.X-Amz-Target" = "'AWSEvents.PutEvents'"
              "integration.request.header.Content-Type" = "'application/x-amz-json-1.1'"
            }
            requestTemplates = {
              "application/json" = <<EOF
{
  "Entries":[{
    "Source":"carrier",
    "Detail":"{\"shipped_at\": $util.escapeJavaScript($input.json('$.shipped_at')),\"order_id\": $util.escapeJavaScript($input.json('$.order_id'))}",
    "DetailType": "carrier.order_shipped",
    "EventBusName": "${aws_cloudwatch_event_bus.orders.name}"
  }]
}
EOF
            }
          }
        }
      }
    }
  })
}

resource "aws_api_gateway_deployment" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  triggers    = { body = sha1(aws_api_gateway_rest_api.orders.body) }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = aws_api_gateway_rest_api.orders.id
  deployment_id = aws_api_gateway_deployment.orders.id
  stage_name    = "prod"
  description   = "revision ${var.revision}"
  variables     = { env = "live", revision = var.revision }
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  stage_name  = aws_api_gateway_stage.prod.stage_name
  method_path = "*/*"
  settings {
    throttling_burst_limit = 100 * var.revision
    throttling_rate_limit  = 50
  }
}

# An API piece by piece.
resource "aws_api_gateway_rest_api" "pieces" {
  name               = "pieces"
  binary_media_types = var.revision == 1 ? ["image/png"] : ["image/png", "application/pdf"]
  endpoint_configuration {
    types = ["REGIONAL"]
  }
  lifecycle {
    ignore_changes = [policy] # the next resource's
  }
}

resource "aws_api_gateway_rest_api_policy" "pieces" {
  rest_api_id = aws_api_gateway_rest_api.pieces.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = "${aws_api_gateway_rest_api.pieces.execution_arn}/*"
      Condition = { IpAddress = { "aws:SourceIp" = ["0.0.0.0/0", "::/${var.revision - 1}"] } }
    }]
  })
}

resource "aws_api_gateway_resource" "things" {
  rest_api_id = aws_api_gateway_rest_api.pieces.id
  parent_id   = aws_api_gateway_rest_api.pieces.root_resource_id
  path_part   = "things"
}

resource "aws_api_gateway_resource" "thing" {
  rest_api_id = aws_api_gateway_rest_api.pieces.id
  parent_id   = aws_api_gateway_resource.things.id
  path_part   = "{id}"
}

resource "aws_api_gateway_model" "thing" {
  rest_api_id  = aws_api_gateway_rest_api.pieces.id
  name         = "Thing"
  content_type = "application/json"
  schema       = jsonencode({ type = "object", required = ["name"] })
}

resource "aws_api_gateway_request_validator" "body" {
  rest_api_id           = aws_api_gateway_rest_api.pieces.id
  name                  = "body"
  validate_request_body = true
}

resource "aws_api_gateway_method" "put" {
  rest_api_id          = aws_api_gateway_rest_api.pieces.id
  resource_id          = aws_api_gateway_resource.thing.id
  http_method          = "PUT"
  authorization        = "NONE"
  api_key_required     = true
  request_validator_id = aws_api_gateway_request_validator.body.id
  request_models       = { "application/json" = aws_api_gateway_model.thing.name }
  request_parameters   = { "method.request.path.id" = true, "method.request.header.X-Id" = var.revision == 2 }
}

resource "aws_api_gateway_integration" "put" {
  rest_api_id          = aws_api_gateway_rest_api.pieces.id
  resource_id          = aws_api_gateway_resource.thing.id
  http_method          = aws_api_gateway_method.put.http_method
  type                 = "MOCK"
  request_templates    = { "application/json" = "{\"statusCode\": 200}" }
  timeout_milliseconds = 1000 * var.revision
}

resource "aws_api_gateway_method_response" "put" {
  rest_api_id         = aws_api_gateway_rest_api.pieces.id
  resource_id         = aws_api_gateway_resource.thing.id
  http_method         = aws_api_gateway_method.put.http_method
  status_code         = "200"
  response_parameters = { "method.response.header.X-Thing" = true }
  response_models     = { "application/json" = "Empty" }
}

resource "aws_api_gateway_integration_response" "put" {
  rest_api_id         = aws_api_gateway_rest_api.pieces.id
  resource_id         = aws_api_gateway_resource.thing.id
  http_method         = aws_api_gateway_method.put.http_method
  status_code         = aws_api_gateway_method_response.put.status_code
  response_parameters = { "method.response.header.X-Thing" = "method.request.path.id" }
  response_templates  = { "application/json" = "{\"revision\": ${var.revision}}" }
  depends_on          = [aws_api_gateway_integration.put]
}

resource "aws_api_gateway_gateway_response" "key" {
  rest_api_id   = aws_api_gateway_rest_api.pieces.id
  response_type = "INVALID_API_KEY"
  status_code   = "401"
  response_templates = {
    "application/json" = "{\"error\":$context.error.messageString, \"revision\": ${var.revision}}"
  }
}

resource "aws_api_gateway_deployment" "pieces" {
  rest_api_id = aws_api_gateway_rest_api.pieces.id
  triggers    = { revision = var.revision }
  depends_on  = [aws_api_gateway_integration_response.put, aws_api_gateway_gateway_response.key]
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "pieces" {
  rest_api_id   = aws_api_gateway_rest_api.pieces.id
  deployment_id = aws_api_gateway_deployment.pieces.id
  stage_name    = "v1"
}

resource "aws_api_gateway_api_key" "client" {
  name        = "client"
  description = "revision ${var.revision}"
}

resource "aws_api_gateway_usage_plan" "clients" {
  name = "clients"
  api_stages {
    api_id = aws_api_gateway_rest_api.pieces.id
    stage  = aws_api_gateway_stage.pieces.stage_name
  }
  throttle_settings {
    rate_limit  = 10 * var.revision
    burst_limit = 20
  }
  quota_settings {
    limit  = 1000
    period = "DAY"
  }
}

resource "aws_api_gateway_usage_plan_key" "client" {
  key_id        = aws_api_gateway_api_key.client.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.clients.id
}

# An HTTP API.
resource "aws_sqs_queue" "orders" {
  name = "orders"
}

resource "aws_apigatewayv2_api" "http" {
  name          = "http"
  protocol_type = "HTTP"
  description   = "revision ${var.revision}"
  cors_configuration {
    allow_origins = ["*"]
    allow_methods = var.revision == 1 ? ["GET"] : ["GET", "POST"]
  }
  tags = { revision = var.revision }
}

resource "aws_apigatewayv2_integration" "send" {
  api_id              = aws_apigatewayv2_api.http.id
  integration_type    = "AWS_PROXY"
  integration_subtype = "SQS-SendMessage"
  credentials_arn     = aws_iam_role.integration.arn
  request_parameters = {
    "QueueUrl"    = aws_sqs_queue.orders.url
    "MessageBody" = "$request.body"
  }
}

resource "aws_apigatewayv2_integration" "forward" {
  api_id               = aws_apigatewayv2_api.http.id
  integration_type     = "HTTP_PROXY"
  integration_method   = "ANY"
  integration_uri      = "https://example.com/{proxy}"
  timeout_milliseconds = 1000 * var.revision
  request_parameters   = var.revision == 1 ? { "append:header.x-env" = "$stageVariables.env", "overwrite:path" = "/x" } : { "append:header.x-env" = "two" }
}

resource "aws_apigatewayv2_route" "send" {
  api_id         = aws_apigatewayv2_api.http.id
  route_key      = "POST /orders"
  target         = "integrations/${aws_apigatewayv2_integration.send.id}"
  operation_name = "Send${var.revision}"
}

resource "aws_apigatewayv2_route" "forward" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "ANY /{proxy+}"
  target    = "integrations/${aws_apigatewayv2_integration.forward.id}"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id          = aws_apigatewayv2_api.http.id
  name            = "$default"
  auto_deploy     = true
  stage_variables = { env = "live${var.revision}" }
  default_route_settings {
    throttling_burst_limit = 100
    throttling_rate_limit  = 50 * var.revision
  }
}

output "orders" {
  value = aws_api_gateway_stage.prod.invoke_url
}

output "rest_id" {
  value = aws_api_gateway_rest_api.orders.id
}

output "pieces_id" {
  value = aws_api_gateway_rest_api.pieces.id
}

output "key" {
  value     = aws_api_gateway_api_key.client.value
  sensitive = true
}

output "http_id" {
  value = aws_apigatewayv2_api.http.id
}

# Custom domains, a JWT authorizer, access logs.

resource "aws_cloudwatch_log_group" "access" {
  name = "/apis/access"
}

resource "aws_api_gateway_stage" "logged" {
  rest_api_id   = aws_api_gateway_rest_api.pieces.id
  deployment_id = aws_api_gateway_deployment.pieces.id
  stage_name    = "logged"
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = "$context.requestId $context.status ${var.revision}"
  }
}

resource "aws_api_gateway_domain_name" "rest" {
  domain_name              = "rest.example.org"
  regional_certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/${var.revision}"
  security_policy          = "TLS_1_2"
  endpoint_configuration {
    types = ["REGIONAL"]
  }
  tags = { kind = "rest" }
}

resource "aws_api_gateway_base_path_mapping" "rest" {
  domain_name = aws_api_gateway_domain_name.rest.domain_name
  api_id      = aws_api_gateway_rest_api.pieces.id
  stage_name  = aws_api_gateway_stage.pieces.stage_name
  base_path   = "v${var.revision}"
}

resource "aws_apigatewayv2_domain_name" "http" {
  domain_name = "http.example.org"
  domain_name_configuration {
    certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/${var.revision}"
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "http" {
  api_id          = aws_apigatewayv2_api.http.id
  domain_name     = aws_apigatewayv2_domain_name.http.id
  stage           = aws_apigatewayv2_stage.default.id
  api_mapping_key = "m${var.revision}"
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.http.id
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  name             = "jwt"
  jwt_configuration {
    audience = ["app-${var.revision}"]
    issuer   = "https://issuer.example.org"
  }
}

resource "aws_apigatewayv2_route" "guarded" {
  api_id               = aws_apigatewayv2_api.http.id
  route_key            = "GET /guarded"
  target               = "integrations/${aws_apigatewayv2_integration.forward.id}"
  authorization_type   = "JWT"
  authorizer_id        = aws_apigatewayv2_authorizer.jwt.id
  authorization_scopes = ["orders:read"]
}

resource "aws_api_gateway_authorizer" "pool" {
  rest_api_id   = aws_api_gateway_rest_api.pieces.id
  name          = "pool"
  type          = "COGNITO_USER_POOLS"
  provider_arns = ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Pool${var.revision}"]
}

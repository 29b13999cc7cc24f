resource "aws_lambda_function" "create_order" {
  function_name    = "create-order"
  role             = aws_iam_role.functions.arn
  runtime          = local.runtime
  handler          = "create_order.handler"
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  timeout          = 10
  environment {
    variables = { DYNAMO_DB_TABLE_NAME = aws_dynamodb_table.orders-table.name }
  }
}

resource "aws_lambda_function" "confirm_shipment" {
  function_name    = "confirm-shipment"
  role             = aws_iam_role.functions.arn
  runtime          = local.runtime
  handler          = "confirm_shipment.handler"
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  timeout          = 10
  environment {
    variables = { DYNAMO_DB_TABLE_NAME = aws_dynamodb_table.orders-table.name }
  }
}

resource "aws_lambda_function" "carrier" {
  function_name    = "carrier"
  role             = aws_iam_role.functions.arn
  runtime          = local.runtime
  handler          = "carrier.handler"
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  timeout          = 10
  environment {
    variables = {
      CONFIRM_URL = "${aws_api_gateway_stage.prod.invoke_url}/confirm-shipment"
      CREDENTIALS = "user:Pass1234!"
    }
  }
}

resource "aws_lambda_function_url" "carrier" {
  function_name      = aws_lambda_function.carrier.function_name
  authorization_type = "NONE"
}

# The Orders API.

resource "aws_api_gateway_rest_api" "orders" {
  name = "orders"
  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "orders", version = "1.0" }
    paths = {
      "/orders" = {
        post = {
          x-amazon-apigateway-integration = {
            httpMethod = "POST"
            type       = "aws_proxy"
            uri        = aws_lambda_function.create_order.invoke_arn
          }
        }
      }
      "/order/{id}" = {
        get = {
          x-amazon-apigateway-integration = {
            httpMethod = "POST"
            type       = "aws_proxy"
            uri        = aws_lambda_function.create_order.invoke_arn
          }
        }
      }
      "/confirm-shipment" = {
        post = {
          "x-amazon-apigateway-integration" = {
            httpMethod  = "POST"
            type        = "aws"
            uri         = "arn:aws:apigateway:${data.aws_region.current.name}:events:action/PutEvents"
            credentials = aws_iam_role.integration_api.arn,
            "responses" = {
              "default" = {
                "statusCode" = "200"
              }
            },
            "requestParameters" : {
              "integration.request.header.X-Amz-Target" : "'AWSEvents.PutEvents'",
              "integration.request.header.Content-Type" : "'application/x-amz-json-1.1'"
            },
            "requestTemplates" = {
              "application/json" = <<EOF
{
  "Entries":[{
    "Source":"carrier",
    "Detail":"{\"shipped_at\": $util.escapeJavaScript($input.json('$.shipped_at')),\"order_id\": $util.escapeJavaScript($input.json('$.order_id'))}",
    "DetailType": "carrier.order_shipped",
    "EventBusName": "orders"
  }]
}
EOF
            }
          }
          responses = { "200" = { description = "taken" } }
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
}

resource "aws_lambda_permission" "orders_api" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.create_order.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.orders.execution_arn}/*"
}

# An order system and an external carrier that cannot speak events, joined by an
# event bus: the Serverless Event Gateway.
#
#   client ── Orders API ── create-order ── table ── stream ── pipe ── bus "orders"
#   bus ── order-created ── API destination (20 a second) ── carrier
#   carrier ── /confirm-shipment ── bus ── order-shipped ── confirm-shipment ── table

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" {
  description = "where Signalbox is; empty: AWS"
  default     = ""
}

variable "handlers" {
  description = "python or go"
  default     = "python"
}

variable "packages" {
  description = "the folder of the functions' packages: python.zip, go.zip"
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = var.endpoint == "" ? null : "test"
  secret_key                  = var.endpoint == "" ? null : "test"
  skip_credentials_validation = var.endpoint != ""
  skip_metadata_api_check     = var.endpoint != ""
  skip_requesting_account_id  = false
  dynamic "endpoints" {
    for_each = var.endpoint == "" ? [] : [var.endpoint]
    content {
      apigateway       = endpoints.value
      cloudformation   = endpoints.value
      cloudwatchevents = endpoints.value
      dynamodb         = endpoints.value
      iam              = endpoints.value
      lambda           = endpoints.value
      sts              = endpoints.value
    }
  }
}

data "aws_region" "current" {}

locals {
  package = "${var.packages}/${var.handlers}.zip"
  runtime = { python = "python3.11", go = "provided.al2023" }[var.handlers]
  api_url = var.endpoint == "" ? aws_api_gateway_stage.prod.invoke_url : "${var.endpoint}/restapis/${aws_api_gateway_rest_api.orders.id}/prod/_user_request_"
}

# The table and its stream.

resource "aws_dynamodb_table" "orders-table" {
  name             = "orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "PK"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "PK"
    type = "S"
  }
}

resource "aws_cloudwatch_event_bus" "orders_bus" {
  name = "orders"
}

resource "aws_cloudformation_stack" "dynamodb_stream_pipe" {
  name = "dynamodb-orders-stream"

  parameters = {
    RoleArn   = aws_iam_role.orders_pipe_role.arn
    SourceArn = aws_dynamodb_table.orders-table.stream_arn
    TargetArn = aws_cloudwatch_event_bus.orders_bus.arn
  }

  template_body = jsonencode({
    "Parameters" : {
      "SourceArn" : { "Type" : "String" },
      "TargetArn" : { "Type" : "String" },
      "RoleArn" : { "Type" : "String" }
    },
    "Resources" : {
      "OrdersPipe" : {
        "Type" : "AWS::Pipes::Pipe",
        "Properties" : {
          "Name" : "dynamodb-orders-stream",
          "RoleArn" : { "Ref" : "RoleArn" }
          "Source" : { "Ref" : "SourceArn" },
          "SourceParameters" : {
            "DynamoDBStreamParameters" : {
              "StartingPosition" : "LATEST",
              "BatchSize" : 1
            }
          }
          "Target" : { "Ref" : "TargetArn" },
          "TargetParameters" : {
            "EventBridgeEventBusParameters" : {
              "Source" : "dynamodb.orders",
              "DetailType" : "dynamodb-orders-stream"
            },
            "InputTemplate" : "{\"eventName\": <$.eventName>,\"order\": {\"id\": <$.dynamodb.NewImage.PK.S>,\"state\": <$.dynamodb.NewImage.state.S> } }"
          }
        }
      }
    }
  })
}

# New orders go to the carrier.

resource "aws_cloudwatch_event_connection" "carrier_connection" {
  name               = "carrier"
  authorization_type = "BASIC"

  auth_parameters {
    basic {
      username = "user"
      password = "Pass1234!"
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "carrier_api_destination" {
  name                             = "carrier-api-destination"
  invocation_endpoint              = "${trimsuffix(aws_lambda_function_url.carrier.function_url, "/")}/orders"
  http_method                      = "POST"
  invocation_rate_limit_per_second = 20
  connection_arn                   = aws_cloudwatch_event_connection.carrier_connection.arn
}

resource "aws_cloudwatch_event_rule" "create_orders_rule" {
  name           = "order-created"
  event_bus_name = aws_cloudwatch_event_bus.orders_bus.name

  event_pattern = jsonencode({
    source = ["dynamodb.orders"]
    detail = {
      eventName = ["INSERT"]
    }
  })
}

resource "aws_cloudwatch_event_target" "carrier_api_destination" {
  event_bus_name = aws_cloudwatch_event_bus.orders_bus.name
  rule           = aws_cloudwatch_event_rule.create_orders_rule.name
  arn            = aws_cloudwatch_event_api_destination.carrier_api_destination.arn
  role_arn       = aws_iam_role.carrier_api_destination_role.arn
  input_transformer {
    input_template = "{\"order_id\" : \"<order_id>\", \"state\" : \"<state>\"}"
    input_paths = {
      order_id = "$.detail.order.id"
      state    = "$.detail.order.state"
    }
  }
}

# The carrier's confirmations come back as events.

resource "aws_cloudwatch_event_rule" "order_shipped_rule" {
  name           = "order-shipped"
  event_bus_name = aws_cloudwatch_event_bus.orders_bus.name

  event_pattern = jsonencode({
    source        = ["carrier"]
    "detail-type" = ["carrier.order_shipped"]
  })
}

resource "aws_cloudwatch_event_target" "confirm_shipment_function" {
  event_bus_name = aws_cloudwatch_event_bus.orders_bus.name
  rule           = aws_cloudwatch_event_rule.order_shipped_rule.name
  arn            = aws_lambda_function.confirm_shipment.arn
  input_transformer {
    input_template = "{\"order_id\" : \"<order_id>\", \"shipped_at\" : \"<shipped_at>\"}"
    input_paths = {
      order_id   = "$.detail.order_id"
      shipped_at = "$.detail.shipped_at"
    }
  }
}

resource "aws_lambda_permission" "confirm_shipment" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.confirm_shipment.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.order_shipped_rule.arn
}

output "orders_api_gateway_url" {
  value = local.api_url
}

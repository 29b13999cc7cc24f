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
    cloudwatchevents = var.endpoint
    cloudwatchlogs   = var.endpoint
    sqs              = var.endpoint
    sts              = var.endpoint
  }
}

resource "aws_sqs_queue" "dead" {
  name = "dead"
}

resource "aws_sqs_queue" "orders" {
  name                       = "orders"
  visibility_timeout_seconds = 30 + var.revision
  message_retention_seconds  = 86400
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 3
  })
  tags = { revision = var.revision }
}

resource "aws_sqs_queue" "ordered" {
  name                        = "ordered.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
}

resource "aws_cloudwatch_log_group" "all" {
  name              = "/aws/events/all"
  retention_in_days = var.revision == 1 ? 7 : 14
  tags              = { revision = var.revision }
}

resource "aws_cloudwatch_event_bus" "orders" {
  name        = "orders"
  description = "revision ${var.revision}"
  tags        = { team = "shop" }
}

resource "aws_cloudwatch_event_bus" "audit" {
  name = "audit"
}

resource "aws_cloudwatch_event_permission" "partner" {
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  principal      = "123456789012"
  statement_id   = "Partner"
}

resource "aws_cloudwatch_event_rule" "created" {
  name           = "order-created"
  description    = "revision ${var.revision}"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern = jsonencode({
    source = ["dynamodb.orders"]
    detail = { eventName = ["INSERT"], revision = [{ numeric = ["<=", var.revision] }] }
  })
  tags = { revision = var.revision }
}

resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.created.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "queue"
  arn            = aws_sqs_queue.orders.arn
  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 10 + var.revision
  }
}

resource "aws_cloudwatch_event_target" "fifo" {
  rule           = aws_cloudwatch_event_rule.created.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "fifo"
  arn            = aws_sqs_queue.ordered.arn
  sqs_target {
    message_group_id = "orders"
  }
}

resource "aws_cloudwatch_event_target" "bus" {
  rule           = aws_cloudwatch_event_rule.created.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "bus"
  arn            = aws_cloudwatch_event_bus.audit.arn
}

resource "aws_cloudwatch_event_target" "log" {
  rule           = aws_cloudwatch_event_rule.created.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "log"
  arn            = aws_cloudwatch_log_group.all.arn
}

resource "aws_cloudwatch_event_target" "carrier" {
  rule           = aws_cloudwatch_event_rule.created.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "carrier"
  arn            = aws_cloudwatch_event_api_destination.carrier.arn
  role_arn       = "arn:aws:iam::000000000000:role/carrier"
  http_target {
    header_parameters = { "X-Revision" = tostring(var.revision) }
  }
  input_transformer {
    input_template = "{\"order_id\" : \"<order_id>\", \"state\" : \"<state>\"}"
    input_paths = {
      order_id = "$.detail.order.id"
      state    = "$.detail.order.state"
    }
  }
}

resource "aws_cloudwatch_event_rule" "everything" {
  name          = "everything"
  event_pattern = jsonencode({ account = ["000000000000"] })
  state         = var.revision == 1 ? "ENABLED" : "DISABLED"
}

resource "aws_cloudwatch_event_connection" "basic" {
  name               = "carrier"
  authorization_type = "BASIC"
  auth_parameters {
    basic {
      username = "user"
      password = "Pass1234!${var.revision}"
    }
    invocation_http_parameters {
      header {
        key             = "X-Shop"
        value           = "shop-${var.revision}"
        is_value_secret = false
      }
      query_string {
        key             = "token"
        value           = "secret"
        is_value_secret = true
      }
    }
  }
}

resource "aws_cloudwatch_event_connection" "key" {
  name               = "key"
  authorization_type = "API_KEY"
  auth_parameters {
    api_key {
      key   = "x-api-key"
      value = "secret"
    }
  }
}

resource "aws_cloudwatch_event_connection" "oauth" {
  name               = "oauth"
  authorization_type = "OAUTH_CLIENT_CREDENTIALS"
  auth_parameters {
    oauth {
      authorization_endpoint = "https://localhost/token"
      http_method            = "POST"
      client_parameters {
        client_id     = "id"
        client_secret = "secret"
      }
      oauth_http_parameters {
        body {
          key             = "scope"
          value           = "orders"
          is_value_secret = false
        }
      }
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "carrier" {
  name                             = "carrier-api-destination"
  invocation_endpoint              = "https://localhost/orders"
  http_method                      = "POST"
  invocation_rate_limit_per_second = 20 * var.revision
  connection_arn                   = aws_cloudwatch_event_connection.basic.arn
}

resource "aws_cloudwatch_event_archive" "orders" {
  name             = "orders"
  description      = "revision ${var.revision}"
  event_source_arn = aws_cloudwatch_event_bus.orders.arn
  retention_days   = 7 * var.revision
  event_pattern    = jsonencode({ source = ["dynamodb.orders"] })
}

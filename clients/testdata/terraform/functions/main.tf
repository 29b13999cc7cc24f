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
    lambda           = var.endpoint
    sqs              = var.endpoint
    sts              = var.endpoint
  }
}

locals {
  role    = "arn:aws:iam::000000000000:role/functions"
  package = "${path.module}/package${var.revision}.zip"
}

resource "aws_sqs_queue" "work" {
  name                       = "work"
  visibility_timeout_seconds = 60
}

resource "aws_sqs_queue" "dead" {
  name = "dead"
}

resource "aws_cloudwatch_log_group" "f" {
  name              = "/aws/lambda/f"
  retention_in_days = 7
}

resource "aws_lambda_layer_version" "lib" {
  layer_name          = "lib"
  filename            = "${path.module}/layer.zip"
  compatible_runtimes = ["python3.11"]
}

resource "aws_lambda_function" "f" {
  function_name                  = "f"
  description                    = "revision ${var.revision}"
  role                           = local.role
  runtime                        = "python3.11"
  handler                        = "app.handler"
  filename                       = local.package
  source_code_hash               = filebase64sha256(local.package)
  timeout                        = 5 + var.revision
  memory_size                    = 256
  publish                        = true
  reserved_concurrent_executions = 5 + var.revision
  layers                         = [aws_lambda_layer_version.lib.arn]
  dead_letter_config {
    target_arn = aws_sqs_queue.dead.arn
  }
  environment {
    variables = { REVISION = var.revision }
  }
  tracing_config {
    mode = "Active"
  }
  tags = { revision = var.revision }
}

resource "aws_lambda_function" "plain" {
  function_name = "plain"
  role          = local.role
  runtime       = "nodejs20.x"
  handler       = "index.handler"
  filename      = local.package
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.f.function_name
  function_version = aws_lambda_function.f.version
}

resource "aws_lambda_permission" "rule" {
  statement_id  = "rule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.orders.arn
}

resource "aws_lambda_permission" "alias" {
  statement_id  = "alias"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "s3.amazonaws.com"
}

resource "aws_lambda_function_url" "f" {
  function_name      = aws_lambda_function.f.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = "NONE"
  cors {
    allow_origins = ["*"]
    allow_methods = ["GET", "POST"]
    max_age       = 60 + var.revision
  }
}

resource "aws_lambda_function_event_invoke_config" "f" {
  function_name                = aws_lambda_function.f.function_name
  maximum_event_age_in_seconds = 60 + var.revision
  maximum_retry_attempts       = 1
  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "work" {
  event_source_arn        = aws_sqs_queue.work.arn
  function_name           = aws_lambda_function.f.arn
  batch_size              = 5 + var.revision
  function_response_types = ["ReportBatchItemFailures"]
  filter_criteria {
    filter {
      pattern = jsonencode({ body = { kind = ["order"] } })
    }
  }
  scaling_config {
    maximum_concurrency = 2
  }
}

resource "aws_cloudwatch_event_rule" "orders" {
  name          = "orders"
  event_pattern = jsonencode({ source = ["shop"] })
}

resource "aws_cloudwatch_event_target" "f" {
  rule = aws_cloudwatch_event_rule.orders.name
  arn  = aws_lambda_function.f.arn
}

output "url" {
  value = aws_lambda_function_url.f.function_url
}

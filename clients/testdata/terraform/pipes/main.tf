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
    dynamodb         = var.endpoint
    iam              = var.endpoint
    pipes            = var.endpoint
    sqs              = var.endpoint
    sts              = var.endpoint
  }
}

resource "aws_iam_role" "pipe" {
  name = "pipe"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "pipes.amazonaws.com" } }]
  })
}

resource "aws_sqs_queue" "in" {
  name = "in"
}

resource "aws_sqs_queue" "out" {
  name       = "out.fifo"
  fifo_queue = true
}

resource "aws_sqs_queue" "dead" {
  name = "dead"
}

resource "aws_cloudwatch_event_bus" "orders" {
  name = "orders"
}

resource "aws_cloudwatch_log_group" "pipes" {
  name = "/aws/vendedlogs/pipes/orders"
}

resource "aws_dynamodb_table" "orders" {
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

# With nothing said but from where to where.
resource "aws_pipes_pipe" "plain" {
  name     = "plain"
  role_arn = aws_iam_role.pipe.arn
  source   = aws_sqs_queue.in.arn
  target   = aws_cloudwatch_event_bus.orders.arn
}

resource "aws_pipes_pipe" "stream" {
  name          = "stream"
  description   = "revision ${var.revision}"
  desired_state = var.revision == 1 ? "RUNNING" : "STOPPED"
  role_arn      = aws_iam_role.pipe.arn
  source        = aws_dynamodb_table.orders.stream_arn
  target        = aws_cloudwatch_event_bus.orders.arn

  source_parameters {
    dynamodb_stream_parameters {
      starting_position                  = "LATEST"
      batch_size                         = var.revision
      maximum_batching_window_in_seconds = 1
      maximum_record_age_in_seconds      = 3600
      maximum_retry_attempts             = 5
      on_partial_batch_item_failure      = "AUTOMATIC_BISECT"
      parallelization_factor             = 2
      dead_letter_config {
        arn = aws_sqs_queue.dead.arn
      }
    }
    filter_criteria {
      filter {
        pattern = jsonencode({ eventName = ["INSERT", "revision ${var.revision}"] })
      }
    }
  }

  target_parameters {
    input_template = "{\"id\": <$.dynamodb.NewImage.PK.S>, \"revision\": ${var.revision}}"
    eventbridge_event_bus_parameters {
      detail_type = "placed"
      source      = "orders"
    }
  }

  log_configuration {
    level                  = "INFO"
    include_execution_data = ["ALL"]
    cloudwatch_logs_log_destination {
      log_group_arn = aws_cloudwatch_log_group.pipes.arn
    }
  }

  tags = { revision = var.revision }
}

resource "aws_pipes_pipe" "queue" {
  name     = "queue"
  role_arn = aws_iam_role.pipe.arn
  source   = aws_sqs_queue.in.arn
  target   = aws_sqs_queue.out.arn

  source_parameters {
    sqs_queue_parameters {
      batch_size                         = 1
      maximum_batching_window_in_seconds = 2
    }
  }

  target_parameters {
    input_template = var.revision == 1 ? "<$.body>" : "revised: <$.body>"
    sqs_queue_parameters {
      message_group_id         = "$.messageId"
      message_deduplication_id = "$.messageId"
    }
  }
}

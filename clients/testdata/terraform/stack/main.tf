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
    cloudformation   = var.endpoint
    cloudwatchevents = var.endpoint
    dynamodb         = var.endpoint
    iam              = var.endpoint
    sqs              = var.endpoint
    sts              = var.endpoint
  }
}

resource "aws_iam_role" "orders_pipe_role" {
  name = "orders-pipe"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "pipes.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "orders_pipe" {
  role = aws_iam_role.orders_pipe_role.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["dynamodb:*", "events:PutEvents"], Resource = "*" }]
  })
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

resource "aws_cloudwatch_event_bus" "orders" {
  name = "orders"
}

# A pipe by way of a stack, as people did before the provider had pipes.
resource "aws_cloudformation_stack" "dynamodb_stream_pipe" {
  name = "dynamodb-orders-stream"
  tags = { revision = var.revision }

  parameters = {
    RoleArn   = aws_iam_role.orders_pipe_role.arn
    SourceArn = aws_dynamodb_table.orders.stream_arn
    TargetArn = aws_cloudwatch_event_bus.orders.arn
  }

  template_body = jsonencode({
    Parameters = {
      SourceArn = { Type = "String" }
      TargetArn = { Type = "String" }
      RoleArn   = { Type = "String" }
    }
    Resources = {
      OrdersPipe = {
        Type = "AWS::Pipes::Pipe"
        Properties = {
          Name        = "dynamodb-orders-stream"
          Description = "revision ${var.revision}"
          RoleArn     = { Ref = "RoleArn" }
          Source      = { Ref = "SourceArn" }
          SourceParameters = {
            DynamoDBStreamParameters = { StartingPosition = "LATEST", BatchSize = 1 }
          }
          Target = { Ref = "TargetArn" }
          TargetParameters = {
            EventBridgeEventBusParameters = { Source = "dynamodb.orders", DetailType = "dynamodb-orders-stream" }
            InputTemplate                 = "{\"eventName\": <$.eventName>,\"order\": {\"id\": <$.dynamodb.NewImage.PK.S>,\"state\": <$.dynamodb.NewImage.state.S> } }"
          }
        }
      }
    }
    Outputs = { Pipe = { Value = { "Fn::GetAtt" = ["OrdersPipe", "Arn"] } } }
  })
}

output "pipe" {
  value = aws_cloudformation_stack.dynamodb_stream_pipe.outputs["Pipe"]
}

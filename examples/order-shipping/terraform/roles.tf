resource "aws_iam_role" "functions" {
  name               = "orders-functions"
  assume_role_policy = local.trust["lambda"]
}

resource "aws_iam_role_policy" "functions" {
  role = aws_iam_role.functions.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem"], Resource = aws_dynamodb_table.orders-table.arn },
      { Effect = "Allow", Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource = "*" },
    ]
  })
}

resource "aws_iam_role" "orders_pipe_role" {
  name               = "orders-pipe"
  assume_role_policy = local.trust["pipes"]
}

resource "aws_iam_role_policy" "orders_pipe" {
  role = aws_iam_role.orders_pipe_role.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"], Resource = aws_dynamodb_table.orders-table.stream_arn },
      { Effect = "Allow", Action = "events:PutEvents", Resource = aws_cloudwatch_event_bus.orders_bus.arn },
    ]
  })
}

resource "aws_iam_role" "carrier_api_destination_role" {
  name               = "carrier-api-destination"
  assume_role_policy = local.trust["events"]
}

resource "aws_iam_role_policy" "carrier_api_destination" {
  role = aws_iam_role.carrier_api_destination_role.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "events:InvokeApiDestination", Resource = aws_cloudwatch_event_api_destination.carrier_api_destination.arn }]
  })
}

resource "aws_iam_role" "integration_api" {
  name               = "orders-api"
  assume_role_policy = local.trust["apigateway"]
}

resource "aws_iam_role_policy" "integration_api" {
  role = aws_iam_role.integration_api.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "events:PutEvents", Resource = aws_cloudwatch_event_bus.orders_bus.arn }]
  })
}

locals {
  trust = { for service in ["lambda", "pipes", "events", "apigateway"] : service => jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${service}.amazonaws.com" } }]
  }) }
}

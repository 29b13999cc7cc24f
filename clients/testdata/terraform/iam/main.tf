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
    iam = var.endpoint
    sts = var.endpoint
  }
}

data "aws_caller_identity" "me" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com", "events.amazonaws.com"]
    }
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"]
    }
    dynamic "condition" {
      for_each = var.revision == 1 ? [] : [1]
      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.me.account_id]
      }
    }
  }
}

data "aws_iam_policy_document" "orders" {
  statement {
    sid       = "Put"
    actions   = ["events:PutEvents"]
    resources = ["arn:aws:events:us-east-1:${data.aws_caller_identity.me.account_id}:event-bus/orders"]
  }
  statement {
    sid       = "Read"
    actions   = ["dynamodb:GetItem", "dynamodb:Query"]
    resources = ["arn:aws:dynamodb:*:*:table/orders-${var.revision}", "arn:aws:dynamodb:*:*:table/$${aws:PrincipalTag/team}-*"]
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["shop-*"]
    }
  }
  statement {
    effect      = "Deny"
    not_actions = ["iam:*"]
    resources   = ["arn:aws:s3:::secret/*"]
  }
}

data "aws_iam_policy" "logs" {
  arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_iam_role" "function" {
  name                 = "function"
  path                 = "/shop/"
  description          = "revision ${var.revision} + more"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600 * var.revision
  permissions_boundary = var.revision == 1 ? aws_iam_policy.boundary.arn : null
  tags                 = { team = "shop", revision = var.revision }
}

resource "aws_iam_role" "plain" {
  name_prefix        = "plain-"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "scheduler.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}

resource "aws_iam_role_policy" "inline" {
  name   = "inline"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.orders.json
}

resource "aws_iam_policy" "orders" {
  name        = "orders"
  path        = "/shop/"
  description = "What the shop may do"
  policy      = data.aws_iam_policy_document.orders.json
  tags        = { revision = var.revision }
}

resource "aws_iam_policy" "boundary" {
  name   = "boundary"
  policy = jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "*", Resource = "*" } })
}

resource "aws_iam_role_policy_attachment" "orders" {
  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.orders.arn
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.function.name
  policy_arn = data.aws_iam_policy.logs.arn
}

resource "aws_iam_user" "ann" {
  name          = "ann"
  path          = var.revision == 1 ? "/" : "/people/"
  force_destroy = true
  tags          = { team = "shop" }
}

resource "aws_iam_access_key" "ann" {
  user   = aws_iam_user.ann.name
  status = var.revision == 1 ? "Active" : "Inactive"
}

resource "aws_iam_user_policy" "ann" {
  name   = "own"
  user   = aws_iam_user.ann.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "iam:GetUser", Resource = "arn:aws:iam::*:user/$${aws:username}" }] })
}

resource "aws_iam_user_policy_attachment" "ann" {
  user       = aws_iam_user.ann.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
}

resource "aws_iam_group" "shop" {
  name = "shop"
  path = var.revision == 1 ? "/" : "/teams/"
}

resource "aws_iam_group_policy" "shop" {
  name   = "shop"
  group  = aws_iam_group.shop.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sqs:*", Resource = "*" }] })
}

resource "aws_iam_group_policy_attachment" "shop" {
  group      = aws_iam_group.shop.name
  policy_arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
}

resource "aws_iam_user_group_membership" "ann" {
  user   = aws_iam_user.ann.name
  groups = [aws_iam_group.shop.name]
}

resource "aws_iam_instance_profile" "function" {
  name = "function"
  role = aws_iam_role.function.name
}

resource "aws_iam_openid_connect_provider" "ci" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = var.revision == 1 ? ["6938fd4d98bab03faadb97b34396831e3780aea1"] : ["1c58a3a8518e8759bf075b76b750d4f2df264fcd"]
}

resource "aws_iam_account_alias" "shop" {
  account_alias = "shop"
}

data "aws_iam_principal_policy_simulation" "put" {
  action_names      = ["events:PutEvents"]
  policy_source_arn = aws_iam_role.function.arn
  resource_arns     = ["arn:aws:events:us-east-1:${data.aws_caller_identity.me.account_id}:event-bus/orders"]
  depends_on        = [aws_iam_role_policy.inline]
}

output "allowed" {
  value = data.aws_iam_principal_policy_simulation.put.all_allowed
}

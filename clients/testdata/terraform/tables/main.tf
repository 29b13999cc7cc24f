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
    dynamodb = var.endpoint
    sts      = var.endpoint
  }
}

# All that a table can have, on demand.
resource "aws_dynamodb_table" "orders" {
  name                        = "orders"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"
  deletion_protection_enabled = false
  table_class                 = var.revision > 1 ? "STANDARD_INFREQUENT_ACCESS" : "STANDARD"

  attribute {
    name = "PK"
    type = "S"
  }
  attribute {
    name = "SK"
    type = "N"
  }
  attribute {
    name = "Status"
    type = "S"
  }
  attribute {
    name = "Placed"
    type = "B"
  }

  global_secondary_index {
    name               = "ByStatus"
    hash_key           = "Status"
    range_key          = "SK"
    projection_type    = "INCLUDE"
    non_key_attributes = ["Carrier", "Total"]
  }

  dynamic "global_secondary_index" {
    for_each = var.revision > 1 ? ["ByPlaced"] : []
    content {
      name            = global_secondary_index.value
      hash_key        = "Placed"
      projection_type = "KEYS_ONLY"
    }
  }

  local_secondary_index {
    name            = "InStatus"
    range_key       = "Status"
    projection_type = "ALL"
  }

  local_secondary_index {
    name            = "InPlaced"
    range_key       = "Placed"
    projection_type = "KEYS_ONLY"
  }

  ttl {
    attribute_name = "Expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  tags = { revision = var.revision }
}

# Provisioned, with an index.
resource "aws_dynamodb_table" "stock" {
  name           = "stock"
  hash_key       = "Item"
  read_capacity  = 5
  write_capacity = 5 * var.revision

  attribute {
    name = "Item"
    type = "S"
  }
  attribute {
    name = "Shelf"
    type = "N"
  }

  global_secondary_index {
    name            = "ByShelf"
    hash_key        = "Shelf"
    projection_type = "ALL"
    read_capacity   = 2
    write_capacity  = 2 * var.revision
  }
}

resource "aws_dynamodb_table" "plain" {
  name         = "plain"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  on_demand_throughput {
    max_read_request_units  = 100
    max_write_request_units = 100 * var.revision
  }
}

resource "aws_dynamodb_table_item" "first" {
  table_name = aws_dynamodb_table.plain.name
  hash_key   = aws_dynamodb_table.plain.hash_key
  item = jsonencode({
    id      = { S = "first" }
    count   = { N = tostring(var.revision) }
    nothing = { NULL = true }
    parts   = { L = [{ S = "a" }, { M = { deep = { BOOL = true } } }] }
  })
}

"""Marks an order as shipped: the target of the rule order-shipped."""

import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["DYNAMO_DB_TABLE_NAME"])


def handler(event, context):
    table.update_item(
        Key={"PK": event["order_id"]},
        UpdateExpression="SET #state = :state, reason = :reason",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": "shipped", ":reason": f"Shipped at {event['shipped_at']}"},
    )

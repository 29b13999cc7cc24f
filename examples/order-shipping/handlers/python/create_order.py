"""The Orders API: a new order, and an order's state."""

import json
import os
import uuid

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver

table = boto3.resource("dynamodb").Table(os.environ["DYNAMO_DB_TABLE_NAME"])
app = APIGatewayRestResolver()

PENDING = "pending"


def answer(status, body):
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}


@app.post("/orders")
def create_order():
    order_id = str(uuid.uuid4())
    reason = "Waiting for shipping"
    table.put_item(Item={"PK": order_id, "state": PENDING, "reason": reason})
    return answer(200, {"order_id": order_id, "state": PENDING, "reason": reason})


@app.get("/order/<order_id>")
def get_order(order_id: str):
    item = table.get_item(Key={"PK": order_id}, ConsistentRead=True).get("Item")
    if item is None:
        return answer(404, {"message": f"order {order_id} does not exist"})
    return answer(200, {"id": item["PK"], "state": item["state"], "reason": item["reason"]})


def handler(event, context):
    return app.resolve(event, context)

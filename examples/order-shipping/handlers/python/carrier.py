"""The carrier: it takes orders over HTTP, ships them, and says so over HTTP.

It knows nothing of events; that it is a function with a URL is for the sake of
the example.
"""

import base64
import json
import os
import urllib.request
from datetime import datetime


def handler(event, context):
    credentials = event["headers"].get("authorization", "").removeprefix("Basic ")
    if base64.b64decode(credentials).decode() != os.environ["CREDENTIALS"]:
        return {"statusCode": 401, "body": "who are you?"}
    order = json.loads(event["body"])
    if set(order) != {"order_id", "state"}:
        return {"statusCode": 400, "body": "this is no order of ours"}
    shipment = {"order_id": order["order_id"], "shipped_at": datetime.now().isoformat()}
    request = urllib.request.Request(
        os.environ["CONFIRM_URL"], json.dumps(shipment).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=3):
        return {"statusCode": 202, "body": "on its way"}

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
    headers = {"Content-Type": "application/json"}
    headers["X-Amzn-Trace-Id"] = os.environ.get("_X_AMZN_TRACE_ID", "")  # as boto3 does: the trace goes on
    request = urllib.request.Request(os.environ["CONFIRM_URL"], json.dumps(shipment).encode(), headers)
    with urllib.request.urlopen(request, timeout=3):
        return {"statusCode": 202, "body": "on its way"}

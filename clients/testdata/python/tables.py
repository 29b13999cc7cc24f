"""Tables, by the AWS SDK for Python: the client and the resource."""

from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
import botocore.exceptions

client, streams = boto3.client("dynamodb"), boto3.client("dynamodbstreams")
db = boto3.resource("dynamodb")


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response
    raise AssertionError(f"{call.__name__} was not refused")


table = db.create_table(
    TableName="orders",
    KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in (("PK", "S"), ("SK", "N"), ("State", "S"))],
    GlobalSecondaryIndexes=[{
        "IndexName": "ByState",
        "KeySchema": [{"AttributeName": "State", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"},
    }],
    BillingMode="PAY_PER_REQUEST",
    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
)
table.wait_until_exists()
table.reload()
assert table.table_status == "ACTIVE" and table.item_count == 0

item = {
    "PK": "c1", "SK": Decimal("1.50"), "State": "new", "big": Decimal("12345678901234567890123456789012345678"), "nil1": None, "yes": True,
    "raw": Binary(b"\x00\xff"), "tags": {"a", "b"}, "sizes": {Decimal(1), Decimal("2.5")}, "lines": [{"sku": "x", "n": 2}, "text"], "empty": "",
}
table.put_item(Item=item)
got = table.get_item(Key={"PK": "c1", "SK": Decimal("1.5")}, ConsistentRead=True)["Item"]
assert got == item, got

with table.batch_writer() as batch:
    for n in range(60):
        batch.put_item(Item={"PK": "c2", "SK": n, "State": "new" if n % 2 else "old"})

answer = table.query(KeyConditionExpression=Key("PK").eq("c2") & Key("SK").between(10, 20), FilterExpression=Attr("State").eq("new"), ScanIndexForward=False)
assert [int(i["SK"]) for i in answer["Items"]] == [19, 17, 15, 13, 11] and answer["ScannedCount"] == 11
answer = table.query(IndexName="ByState", KeyConditionExpression=Key("State").eq("old"), Select="COUNT")
assert answer["Count"] == 30
pages = client.get_paginator("scan").paginate(TableName="orders", PaginationConfig={"PageSize": 7})
assert sum(len(p["Items"]) for p in pages) == 61

answer = table.update_item(
    Key={"PK": "c1", "SK": Decimal("1.5")}, UpdateExpression="SET #s = :s, #l[0].n = #l[0].n + :one REMOVE nil1 ADD tags :t",
    ConditionExpression=Attr("State").eq("new") & Attr("tags").contains("a"),
    ExpressionAttributeNames={"#s": "State", "#l": "lines"},
    ExpressionAttributeValues={":s": "paid", ":one": 1, ":t": {"c"}}, ReturnValues="ALL_NEW",
)["Attributes"]
assert answer["lines"][0]["n"] == 3 and answer["tags"] == {"a", "b", "c"} and "nil1" not in answer
why = refused("ConditionalCheckFailedException", client.put_item, TableName="orders", Item={"PK": {"S": "c1"}, "SK": {"N": "1.5"}},
              ConditionExpression="attribute_not_exists(PK)", ReturnValuesOnConditionCheckFailure="ALL_OLD")
assert why["Item"]["State"] == {"S": "paid"}
why = refused("TransactionCanceledException", client.transact_write_items, TransactItems=[
    {"Put": {"TableName": "orders", "Item": {"PK": {"S": "c3"}, "SK": {"N": "1"}}}},
    {"ConditionCheck": {"TableName": "orders", "Key": {"PK": {"S": "c1"}, "SK": {"N": "1.5"}}, "ConditionExpression": "attribute_not_exists(PK)"}},
])
assert [r["Code"] for r in why["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
refused("ValidationException", client.get_item, TableName="orders", Key={"PK": {"S": "c1"}})
refused("ResourceNotFoundException", client.get_item, TableName="nothing", Key={"PK": {"S": "c1"}})

arn = table.latest_stream_arn
shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
records = streams.get_records(ShardIterator=at)["Records"]
assert [r["eventName"] for r in records] == ["INSERT"] * 61 + ["MODIFY"], len(records)
assert records[-1]["dynamodb"]["NewImage"]["State"] == {"S": "paid"}

table.delete()
table.wait_until_not_exists()
print("all is well")

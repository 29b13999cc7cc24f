"""The way of an event, by the AWS SDK for Python."""

import json

import boto3
import botocore.exceptions

events, queues, logs, sts = (boto3.client(name) for name in ("events", "sqs", "logs", "sts"))


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
    else:
        raise AssertionError(f"{call.__name__} was not refused")


assert sts.get_caller_identity()["Account"] == "000000000000"

bus = events.create_event_bus(Name="py", Tags=[{"Key": "k", "Value": "v"}])["EventBusArn"]
assert events.list_tags_for_resource(ResourceARN=bus)["Tags"] == [{"Key": "k", "Value": "v"}]
url = queues.create_queue(QueueName="py.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["QueueArn"]
dead = queues.create_queue(QueueName="py-dead")["QueueUrl"]

rule = events.put_rule(Name="py", EventBusName=bus, EventPattern=json.dumps({"detail": {"n": [{"numeric": [">", 1]}]}}))["RuleArn"]
refused("ValidationException", events.put_targets, Rule="py", EventBusName="py", Targets=[{"Id": "q", "Arn": arn}])
refused("InvalidEventPatternException", events.put_rule, Name="bad", EventPattern='{"source":[{"like":"x"}]}')
events.put_targets(Rule="py", EventBusName="py", Targets=[
    {"Id": "q", "Arn": arn, "SqsParameters": {"MessageGroupId": "g"}, "InputPath": "$.detail"},
    {"Id": "gone", "Arn": "arn:aws:sqs:us-east-1:000000000000:gone",
     "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:py-dead"}},
])
answer = events.put_events(Entries=[
    {"EventBusName": "py", "Source": "py", "DetailType": "t", "Detail": json.dumps({"n": n})} for n in range(4)
])
assert answer["FailedEntryCount"] == 0, answer
got = []
while len(got) < 2:
    for message in queues.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10).get("Messages", []):
        got.append(json.loads(message["Body"])["n"])
        queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
assert sorted(got) == [2, 3], got
letter = queues.receive_message(QueueUrl=dead, WaitTimeSeconds=10, MessageAttributeNames=["All"])["Messages"][0]
attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
assert attributes["RULE_ARN"] == rule and "ERROR_CODE" in attributes, attributes
assert json.loads(letter["Body"])["source"] == "py"

names = [f"rule-{i:03}" for i in range(7)]
for name in names:
    events.put_rule(Name=name, EventBusName="py", EventPattern='{"source":["x"]}')
pages = events.get_paginator("list_rules").paginate(EventBusName="py", NamePrefix="rule-", PaginationConfig={"PageSize": 3})
assert [r["Name"] for page in pages for r in page["Rules"]] == names

batch = queues.send_message_batch(QueueUrl=dead, Entries=[{"Id": "1", "MessageBody": "a"}, {"Id": "2", "MessageBody": "b", "DelaySeconds": 1000}])
assert [s["Id"] for s in batch["Successful"]] == ["1"] and batch["Failed"][0]["Id"] == "2", batch
refused("AWS.SimpleQueueService.NonExistentQueue", queues.get_queue_url, QueueName="nowhere")

logs.create_log_group(logGroupName="/py")
logs.create_log_stream(logGroupName="/py", logStreamName="s")
print("all is well")

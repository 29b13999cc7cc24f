#!/usr/bin/env bash
# The way of an event, by the AWS CLI.
set -euo pipefail

# Of SQS this client knows an endpoint of old, which it takes before AWS_ENDPOINT_URL.
sqs() { aws --endpoint-url "$AWS_ENDPOINT_URL" sqs "$@"; }

aws events create-event-bus --name cli >/dev/null
url=$(sqs create-queue --queue-name cli --query QueueUrl --output text)
arn=$(sqs get-queue-attributes --queue-url "$url" --attribute-names QueueArn --query Attributes.QueueArn --output text)
aws events put-rule --name cli --event-bus-name cli --event-pattern '{"source":["cli"]}' >/dev/null
aws events put-targets --rule cli --event-bus-name cli --targets "Id=q,Arn=$arn" --query FailedEntryCount --output text | grep -qx 0
aws events put-events --entries '[{"EventBusName":"cli","Source":"cli","DetailType":"t","Detail":"{\"n\":1}"}]' \
  --query FailedEntryCount --output text | grep -qx 0
sqs receive-message --queue-url "$url" --wait-time-seconds 10 --query 'Messages[0].Body' --output text | grep -q '"detail":{"n":1}'
aws events list-rules --event-bus-name cli --query 'Rules[].Name' --output text | grep -qx cli
aws sts get-caller-identity --query Account --output text | grep -qx 000000000000
if out=$(aws events delete-rule --name cli --event-bus-name cli 2>&1); then
  echo "a rule with targets was deleted" && exit 1
fi
grep -q ValidationException <<<"$out"
echo "all is well"

// The way of an event, by the AWS SDK for JavaScript v3.
import assert from 'node:assert/strict'
import {
  CreateApiDestinationCommand, CreateArchiveCommand, CreateConnectionCommand, CreateEventBusCommand, DeleteRuleCommand,
  DescribeArchiveCommand, DescribeConnectionCommand, EventBridgeClient, ListRulesCommand, PutEventsCommand, PutRuleCommand,
  PutTargetsCommand, RemoveTargetsCommand, TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge'
import { CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

const config = {
  endpoint: process.env.AWS_ENDPOINT_URL, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
}
const events = new EventBridgeClient(config)
const queues = new SQSClient(config)
const logs = new CloudWatchLogsClient(config)

assert.equal((await new STSClient(config).send(new GetCallerIdentityCommand({}))).Account, '000000000000')

const { EventBusArn } = await events.send(new CreateEventBusCommand({ Name: 'js' }))
const { QueueUrl } = await queues.send(new CreateQueueCommand({ QueueName: 'js' }))
const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
await logs.send(new CreateLogGroupCommand({ logGroupName: '/js/all' }))

await events.send(new PutRuleCommand({ Name: 'js', EventBusName: 'js', EventPattern: JSON.stringify({ source: ['js'] }) }))
await events.send(new PutTargetsCommand({
  Rule: 'js', EventBusName: 'js',
  Targets: [
    { Id: 'queue', Arn: Attributes.QueueArn, InputTransformer: { InputPathsMap: { n: '$.detail.n' }, InputTemplate: '{"number": <n>}' } },
    { Id: 'log', Arn: 'arn:aws:logs:us-east-1:000000000000:log-group:/js/all' },
  ],
}))
const put = await events.send(new PutEventsCommand({
  Entries: [
    { EventBusName: EventBusArn, Source: 'js', DetailType: 't', Detail: JSON.stringify({ n: 42 }), Time: new Date(0) },
    { EventBusName: 'js', Source: 'js', DetailType: 't', Detail: 'no JSON' },
  ],
}))
assert.equal(put.FailedEntryCount, 1)
assert.equal(put.Entries[1].ErrorCode, 'MalformedDetail')
const { Messages: [message] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }))
assert.deepEqual(JSON.parse(message.Body), { number: 42 })
await queues.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }))
let line
for (let i = 0; i < 100 && !line; i++) {
  line = (await logs.send(new FilterLogEventsCommand({ logGroupName: '/js/all' }))).events[0]
}
const event = JSON.parse(line.message)
assert.equal(event.id, put.Entries[0].EventId)
assert.equal(event.time, '1970-01-01T00:00:00Z')

// The SDK checks the MD5s of what it sends and receives.
await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: 'body', MessageAttributes: { a: { DataType: 'String', StringValue: 'b' }, c: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) } } }))
const { Messages: [sent] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10, MessageAttributeNames: ['All'] }))
assert.equal(sent.MessageAttributes.a.StringValue, 'b')
assert.deepEqual([...sent.MessageAttributes.c.BinaryValue], [1, 2])

const { ConnectionArn } = await events.send(new CreateConnectionCommand({
  Name: 'js', AuthorizationType: 'API_KEY', AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'x-key', ApiKeyValue: 'secret' } },
}))
const connection = await events.send(new DescribeConnectionCommand({ Name: 'js' }))
assert.equal(connection.AuthParameters.ApiKeyAuthParameters.ApiKeyValue, undefined)
assert.ok(connection.LastModifiedTime instanceof Date)
await events.send(new CreateApiDestinationCommand({ Name: 'js', ConnectionArn, InvocationEndpoint: 'https://localhost/x', HttpMethod: 'POST' }))
await events.send(new CreateArchiveCommand({ ArchiveName: 'js', EventSourceArn: EventBusArn }))
assert.equal((await events.send(new DescribeArchiveCommand({ ArchiveName: 'js' }))).State, 'ENABLED')
assert.ok((await events.send(new ListRulesCommand({ EventBusName: 'js', NamePrefix: 'Events-Archive' }))).Rules[0].ManagedBy)
assert.equal((await events.send(new TestEventPatternCommand({
  EventPattern: '{"source":["x"]}', Event: JSON.stringify({ id: '1', account: '1', source: 'x', time: '2026-01-01T00:00:00Z', region: 'r', resources: [], 'detail-type': 't', detail: {} }),
}))).Result, true)

await assert.rejects(events.send(new DeleteRuleCommand({ Name: 'js', EventBusName: 'js' })), { name: 'ValidationException' })
await events.send(new RemoveTargetsCommand({ Rule: 'js', EventBusName: 'js', Ids: ['queue', 'log'] }))
await events.send(new DeleteRuleCommand({ Name: 'js', EventBusName: 'js' }))
console.log('all is well')

// Tables, by the document client of the AWS SDK for JavaScript and by dynamodb-toolbox.
import assert from "node:assert/strict";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { Entity, GetItemCommand, item, map, number, PutItemCommand, QueryCommand as Query, string, Table, UpdateItemCommand, $add } from "dynamodb-toolbox";

const client = new DynamoDBClient({});
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

await client.send(new CreateTableCommand({
  TableName: "orders", BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "PK", AttributeType: "S" }, { AttributeName: "SK", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "PK", KeyType: "HASH" }, { AttributeName: "SK", KeyType: "RANGE" }],
}));
await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: "orders" });

const order = { PK: "c1", SK: "o1", parts: [{ sku: "a", n: 2 }], tags: new Set(["x"]), raw: new Uint8Array([0, 255]), none: null, note: undefined };
await documents.send(new PutCommand({ TableName: "orders", Item: order }));
const got = (await documents.send(new GetCommand({ TableName: "orders", Key: { PK: "c1", SK: "o1" } }))).Item;
delete order.note;
assert.deepEqual(got, order);

const changed = await documents.send(new UpdateCommand({
  TableName: "orders", Key: { PK: "c1", SK: "o1" }, UpdateExpression: "SET parts[0].n = parts[0].n + :one",
  ExpressionAttributeValues: { ":one": 1 }, ReturnValues: "ALL_NEW",
}));
assert.equal(changed.Attributes.parts[0].n, 3);
await assert.rejects(documents.send(new TransactWriteCommand({ TransactItems: [
  { Put: { TableName: "orders", Item: { PK: "c1", SK: "o2" } } },
  { Delete: { TableName: "orders", Key: { PK: "c1", SK: "o1" }, ConditionExpression: "attribute_not_exists(PK)" } },
] })), (e) => e.name === "TransactionCanceledException" && e.CancellationReasons[1].Code === "ConditionalCheckFailed");
const page = await documents.send(new QueryCommand({ TableName: "orders", KeyConditionExpression: "PK = :p", ExpressionAttributeValues: { ":p": "c1" } }));
assert.equal(page.Count, 1);

const table = new Table({ documentClient: documents, name: "orders", partitionKey: { name: "PK", type: "string" }, sortKey: { name: "SK", type: "string" } });
const Parcel = new Entity({
  name: "Parcel", table,
  schema: item({ customer: string().key().savedAs("PK"), parcel: string().key().savedAs("SK"), weight: number(), address: map({ city: string() }).optional() }),
});
await Parcel.build(PutItemCommand).item({ customer: "c9", parcel: "p1", weight: 5, address: { city: "Graz" } }).options({ condition: { attr: "customer", exists: false } }).send();
await Parcel.build(UpdateItemCommand).item({ customer: "c9", parcel: "p1", weight: $add(2) }).send();
const parcel = (await Parcel.build(GetItemCommand).key({ customer: "c9", parcel: "p1" }).options({ consistent: true, attributes: ["weight", "address.city"] }).send()).Item;
assert.equal(parcel.weight, 7);
assert.equal(parcel.address.city, "Graz");
const { Items } = await table.build(Query).entities(Parcel).query({ partition: "c9", range: { beginsWith: "p" } }).send();
assert.equal(Items.length, 1);

console.log("all is well");

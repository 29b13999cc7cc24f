package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/pipes/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// SIGNALBOX_ROUNDS is how often the server is killed.
func TestEveryAcknowledgedItemComesThroughThePipeWhateverIsKilled(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("SIGNALBOX_ROUNDS"))
	if rounds == 0 {
		rounds = 3
	}
	v := &victim{t: t, data: t.TempDir(), listen: "127.0.0.1:0"}
	v.start()
	defer func() { v.kill() }()
	c := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + v.listen), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	tables, queues := dynamodb.NewFromConfig(c), sqs.NewFromConfig(c)
	out := pipe(t, c)

	var mu sync.Mutex // guards acknowledged
	acknowledged := map[string]bool{}
	for round := range rounds {
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for writer := range 4 {
			writers.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					id := fmt.Sprintf("%d-%d-%d", round, writer, i)
					_, err := tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]ddb.AttributeValue{"PK": &ddb.AttributeValueMemberS{Value: id}}})
					if err != nil {
						continue // not acknowledged
					}
					mu.Lock()
					acknowledged[id] = true
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(20+rand.IntN(200)) * time.Millisecond) // the random moment
		v.kill()
		stop()
		writers.Wait()
		v.start()
	}
	missing, came := acknowledged, 0
	sum := len(acknowledged)
	for patience := 3; len(missing) > 0 && patience > 0; patience-- {
		got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &out, MaxNumberOfMessages: 10, WaitTimeSeconds: 10, VisibilityTimeout: 3600})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Messages {
			patience = 4
			came++
			delete(missing, strings.TrimPrefix(*m.Body, "order "))
		}
	}
	t.Logf("%d rounds: %d items acknowledged, %d messages came until none was missing", rounds, sum, came)
	if len(missing) > 0 || sum == 0 {
		t.Errorf("%d of %d acknowledged items did not come through the pipe", len(missing), sum)
	}
}

// pipe makes a table, a queue and the pipe between them.
func pipe(t *testing.T, c aws.Config) (queueURL string) {
	t.Helper()
	table, err := dynamodb.NewFromConfig(c).CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: ddb.BillingModePayPerRequest,
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: ddb.ScalarAttributeTypeS}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: ddb.KeyTypeHash}},
		StreamSpecification:  &ddb.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: ddb.StreamViewTypeNewImage},
	})
	if err != nil {
		t.Fatal(err)
	}
	queue, err := sqs.NewFromConfig(c).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("out")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pipes.NewFromConfig(c).CreatePipe(t.Context(), &pipes.CreatePipeInput{
		Name: aws.String("p"), RoleArn: aws.String("arn:aws:iam::000000000000:role/p"), Source: table.TableDescription.LatestStreamArn,
		Target: aws.String("arn:aws:sqs:us-east-1:000000000000:out"),
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{
			StartingPosition: types.DynamoDBStreamStartPositionLatest, BatchSize: aws.Int32(10),
		}},
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String("order <$.dynamodb.Keys.PK.S>")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *queue.QueueUrl
}

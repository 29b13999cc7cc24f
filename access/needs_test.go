package access_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/pipes"

	"github.com/signalbox/signalbox/access"
)

// What each service's requests need is seen by whom they are refused to.
func TestRequestsNeedWhatAWSSays(t *testing.T) {
	w := newWorld(t, access.Enforce, nil)
	c := w.user("nobody", "")
	tables, functions, apis, streams, flows := dynamodb.NewFromConfig(c), lambda.NewFromConfig(c), apigateway.NewFromConfig(c), dynamodbstreams.NewFromConfig(c), pipes.NewFromConfig(c)
	id := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}}
	orders := aws.String("orders")
	const (
		table    = "arn:aws:dynamodb:us-east-1:" + account + ":table/orders"
		function = "arn:aws:lambda:us-east-1:" + account + ":function:orders"
		role     = "arn:aws:iam::" + account + ":role/r"
	)
	for need, call := range map[string]func() error{
		"dynamodb:GetItem on resource: " + table: func() error {
			_, err := tables.GetItem(w.ctx, &dynamodb.GetItemInput{TableName: orders, Key: id})
			return err
		},
		"dynamodb:Query on resource: " + table + "/index/byDate": func() error {
			_, err := tables.Query(w.ctx, &dynamodb.QueryInput{TableName: aws.String(table), IndexName: aws.String("byDate"), KeyConditionExpression: aws.String("id = :i"), ExpressionAttributeValues: map[string]types.AttributeValue{":i": id["id"]}})
			return err
		},
		"dynamodb:BatchWriteItem on resource: " + table: func() error {
			_, err := tables.BatchWriteItem(w.ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": {{PutRequest: &types.PutRequest{Item: id}}}}})
			return err
		},
		"dynamodb:DeleteItem on resource: " + table: func() error {
			_, err := tables.TransactWriteItems(w.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Delete: &types.Delete{TableName: orders, Key: id}}}})
			return err
		},
		"dynamodb:DescribeTable on resource: " + table: func() error {
			_, err := tables.DescribeTable(w.ctx, &dynamodb.DescribeTableInput{TableName: orders})
			return err
		},
		"dynamodb:ListStreams on resource: " + table + "/stream/*": func() error {
			_, err := streams.ListStreams(w.ctx, &dynamodbstreams.ListStreamsInput{TableName: orders})
			return err
		},
		"lambda:InvokeFunction on resource: " + function + ":live": func() error {
			_, err := functions.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: orders, Qualifier: aws.String("live")})
			return err
		},
		"lambda:GetFunction on resource: " + function: func() error {
			_, err := functions.GetFunction(w.ctx, &lambda.GetFunctionInput{FunctionName: aws.String(account + ":function:orders")})
			return err
		},
		"lambda:CreateFunction on resource: " + function: func() error {
			_, err := functions.CreateFunction(w.ctx, &lambda.CreateFunctionInput{FunctionName: orders, Role: aws.String(role), Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("x"), Code: &lambdatypes.FunctionCode{ZipFile: []byte("x")}})
			return err
		},
		"apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis/a1/resources/b2": func() error {
			_, err := apis.GetResource(w.ctx, &apigateway.GetResourceInput{RestApiId: aws.String("a1"), ResourceId: aws.String("b2")})
			return err
		},
		"apigateway:POST on resource: arn:aws:apigateway:us-east-1::/restapis": func() error {
			_, err := apis.CreateRestApi(w.ctx, &apigateway.CreateRestApiInput{Name: orders})
			return err
		},
		"pipes:StartPipe on resource: arn:aws:pipes:us-east-1:" + account + ":pipe/orders": func() error {
			_, err := flows.StartPipe(w.ctx, &pipes.StartPipeInput{Name: orders})
			return err
		},
	} {
		t.Run(need, func(t *testing.T) {
			wantDenied(t, call(), "AccessDeniedException", "User: arn:aws:iam::"+account+":user/nobody is not authorized to perform: "+need+" because")
		})
	}
}

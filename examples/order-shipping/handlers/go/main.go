// The functions of the order and carrier example in Go: one program for the
// three, which does what the function's handler names.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"
)

func main() {
	switch handler := os.Getenv("_HANDLER"); handler {
	case "create_order.handler":
		lambda.Start(newOrders().serve)
	case "confirm_shipment.handler":
		lambda.Start(newOrders().confirm)
	case "carrier.handler":
		lambda.Start(carry)
	default:
		fmt.Fprintf(os.Stderr, "there is no handler %q\n", handler)
		os.Exit(1)
	}
}

// orders is the table of orders.
type orders struct {
	db    *dynamodb.Client
	table string
}

func newOrders() *orders {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "loading the configuration:", err)
		os.Exit(1)
	}
	return &orders{db: dynamodb.NewFromConfig(cfg), table: os.Getenv("DYNAMO_DB_TABLE_NAME")}
}

// serve is the Orders API: POST /orders and GET /order/{id}.
func (o *orders) serve(ctx context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	if r.HTTPMethod == http.MethodPost {
		return o.create(ctx)
	}
	return o.get(ctx, strings.TrimPrefix(r.Path, "/order/"))
}

func (o *orders) create(ctx context.Context) (events.APIGatewayProxyResponse, error) {
	id, state, reason := uuid.NewString(), "pending", "Waiting for shipping"
	_, err := o.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &o.table, Item: map[string]types.AttributeValue{
		"PK": text(id), "state": text(state), "reason": text(reason),
	}})
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return answer(http.StatusOK, map[string]string{"order_id": id, "state": state, "reason": reason})
}

func (o *orders) get(ctx context.Context, id string) (events.APIGatewayProxyResponse, error) {
	out, err := o.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &o.table, Key: map[string]types.AttributeValue{"PK": text(id)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	if out.Item == nil {
		return answer(http.StatusNotFound, map[string]string{"message": "order " + id + " does not exist"})
	}
	field := func(name string) string {
		s, _ := out.Item[name].(*types.AttributeValueMemberS)
		return s.Value
	}
	return answer(http.StatusOK, map[string]string{"id": field("PK"), "state": field("state"), "reason": field("reason")})
}

// confirm marks an order as shipped: the target of the rule order-shipped.
func (o *orders) confirm(ctx context.Context, shipment struct {
	OrderID   string `json:"order_id"`
	ShippedAt string `json:"shipped_at"`
}) error {
	_, err := o.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &o.table, Key: map[string]types.AttributeValue{"PK": text(shipment.OrderID)},
		UpdateExpression:         aws.String("SET #state = :state, reason = :reason"),
		ExpressionAttributeNames: map[string]string{"#state": "state"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":state": text("shipped"), ":reason": text("Shipped at " + shipment.ShippedAt),
		},
	})
	return err
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// answer wraps the body twice, as the API of the article does.
func answer(status int, body any) (events.APIGatewayProxyResponse, error) {
	inner, err := json.Marshal(body)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	outer, err := json.Marshal(map[string]any{
		"statusCode": status, "headers": map[string]string{"Content-Type": "application/json"}, "body": string(inner),
	})
	return events.APIGatewayProxyResponse{
		StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(outer),
	}, err
}

// carry is the carrier: it takes orders over HTTP, ships them, and says so over
// HTTP. It knows nothing of events; that it is a function with a URL is for the
// sake of the example.
func carry(ctx context.Context, r events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	credentials, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Headers["authorization"], "Basic "))
	if string(credentials) != os.Getenv("CREDENTIALS") {
		return events.LambdaFunctionURLResponse{StatusCode: http.StatusUnauthorized, Body: "who are you?"}, nil
	}
	var order map[string]string
	if err := json.Unmarshal([]byte(r.Body), &order); err != nil || len(order) != 2 || order["order_id"] == "" || order["state"] == "" {
		return events.LambdaFunctionURLResponse{StatusCode: http.StatusBadRequest, Body: "this is no order of ours"}, nil
	}
	body, err := json.Marshal(map[string]string{"order_id": order["order_id"], "shipped_at": time.Now().Format("2006-01-02T15:04:05.000000")})
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("CONFIRM_URL"), strings.NewReader(string(body)))
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Amzn-Trace-Id", os.Getenv("_X_AMZN_TRACE_ID")) // as AWS's SDKs do: the trace goes on
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("the shop answered %s", response.Status)
	}
	return events.LambdaFunctionURLResponse{StatusCode: http.StatusAccepted, Body: "on its way"}, nil
}

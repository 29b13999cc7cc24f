package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bridge "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// shop is the order system. It puts an event on the bus for each order, and
// follows the orders that were shipped on a queue.
type shop struct {
	events *eventbridge.Client
	queues *sqs.Client
	queue  string // URL
	server *httptest.Server

	mu     sync.Mutex        // guards what follows
	state  map[string]string // of the orders
	placed []string          // ids of their events
}

const busName = "orders"

func newShop(ctx context.Context, endpoint string) (*shop, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithRegion("us-east-1"),
		config.WithBaseEndpoint(endpoint),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")),
		config.WithRetryMaxAttempts(20), // long enough for a server that starts again
	)
	if err != nil {
		return nil, err
	}
	s := &shop{events: eventbridge.NewFromConfig(cfg), queues: sqs.NewFromConfig(cfg), state: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /confirm-shipment", s.confirm)
	s.server = httptest.NewServer(mux)
	return s, nil
}

func (s *shop) close() { s.server.Close() }

func (s *shop) confirmURL() string { return s.server.URL + "/confirm-shipment" }

// count is the number of orders that were placed, and of those shipped.
func (s *shop) count() (placed, shipped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.state {
		if state == "shipped" {
			shipped++
		}
	}
	return len(s.state), shipped
}

// anEvent is the id of the event of an order in the middle.
func (s *shop) anEvent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.placed[len(s.placed)/2]
}

// place places the orders, 40 a second: twice what the carrier can take.
func (s *shop) place(ctx context.Context, orders int) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for i := range orders {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		id := fmt.Sprintf("order-%03d", i+1)
		event, err := s.put(ctx, "dynamodb.orders", "dynamodb-orders-stream", map[string]any{
			"eventName": "INSERT",
			"order":     map[string]string{"id": id, "state": "pending"},
		})
		if err != nil {
			return fmt.Errorf("placing %s: %w", id, err)
		}
		s.mu.Lock()
		s.placed = append(s.placed, event)
		if s.state[id] == "" {
			s.state[id] = "pending"
		}
		s.mu.Unlock()
	}
	return nil
}

// put puts one event on the bus and returns its id.
func (s *shop) put(ctx context.Context, source, detailType string, detail any) (string, error) {
	text, err := json.Marshal(detail)
	if err != nil {
		return "", err
	}
	out, err := s.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []bridge.PutEventsRequestEntry{{
		EventBusName: aws.String(busName), Source: &source, DetailType: &detailType, Detail: aws.String(string(text)),
	}}})
	if err != nil {
		return "", err
	}
	if out.FailedEntryCount > 0 {
		return "", fmt.Errorf("%s: %s", *out.Entries[0].ErrorCode, *out.Entries[0].ErrorMessage)
	}
	return *out.Entries[0].EventId, nil
}

// confirm is where the carrier tells that an order is shipped.
func (s *shop) confirm(w http.ResponseWriter, r *http.Request) {
	var shipment struct {
		OrderID   string `json:"order_id"`
		ShippedAt string `json:"shipped_at"`
	}
	if err := json.NewDecoder(r.Body).Decode(&shipment); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, err := s.put(r.Context(), "carrier", "carrier.order_shipped", shipment); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// follow marks the orders that the queue tells of as shipped, until ctx ends.
func (s *shop) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		out, err := s.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 5})
		if err != nil {
			continue // the server was killed under it; the SDK has waited
		}
		for _, m := range out.Messages {
			var shipment struct {
				OrderID string `json:"order_id"`
			}
			if err := json.Unmarshal([]byte(*m.Body), &shipment); err != nil {
				return fmt.Errorf("a message that is no shipment: %w", err)
			}
			s.mu.Lock()
			s.state[shipment.OrderID] = "shipped"
			s.mu.Unlock()
			// One that cannot be deleted comes again, and changes nothing.
			_, _ = s.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &s.queue, ReceiptHandle: m.ReceiptHandle})
		}
	}
	return nil
}

// setUp makes the bus, the rules and what they need, as the article has them.
func (s *shop) setUp(ctx context.Context, carrierURL string) error {
	if _, err := s.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String(busName)}); err != nil {
		return err
	}
	if err := s.setUpOrderCreated(ctx, carrierURL); err != nil {
		return err
	}
	return s.setUpOrderShipped(ctx)
}

// setUpOrderCreated sends new orders to the carrier, 20 a second at most.
func (s *shop) setUpOrderCreated(ctx context.Context, carrierURL string) error {
	connection, err := s.events.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: aws.String("carrier"), AuthorizationType: bridge.ConnectionAuthorizationTypeBasic,
		AuthParameters: &bridge.CreateConnectionAuthRequestParameters{BasicAuthParameters: &bridge.CreateConnectionBasicAuthRequestParameters{
			Username: aws.String(carrierUser), Password: aws.String(carrierPassword),
		}},
	})
	if err != nil {
		return err
	}
	destination, err := s.events.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{
		Name: aws.String("carrier-api-destination"), ConnectionArn: connection.ConnectionArn, HttpMethod: bridge.ApiDestinationHttpMethodPost,
		InvocationEndpoint: aws.String(carrierURL + "/orders"), InvocationRateLimitPerSecond: aws.Int32(20),
	})
	if err != nil {
		return err
	}
	return s.rule(ctx, "order-created", `{"source":["dynamodb.orders"],"detail":{"eventName":["INSERT"]}}`, bridge.Target{
		Id: aws.String("carrier"), Arn: destination.ApiDestinationArn, RoleArn: aws.String("arn:aws:iam::000000000000:role/carrier"),
		InputTransformer: &bridge.InputTransformer{
			InputTemplate: aws.String(`{"order_id" : "<order_id>", "state" : "<state>"}`),
			InputPathsMap: map[string]string{"order_id": "$.detail.order.id", "state": "$.detail.order.state"},
		},
	})
}

// setUpOrderShipped brings what the carrier tells to the shop's queue.
func (s *shop) setUpOrderShipped(ctx context.Context) error {
	queue, err := s.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("shipped")})
	if err != nil {
		return err
	}
	s.queue = *queue.QueueUrl
	attributes, err := s.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &s.queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return err
	}
	return s.rule(ctx, "order-shipped", `{"source":["carrier"],"detail-type":["carrier.order_shipped"]}`, bridge.Target{
		Id: aws.String("confirm-shipment"), Arn: aws.String(attributes.Attributes[string(types.QueueAttributeNameQueueArn)]),
		InputTransformer: &bridge.InputTransformer{
			InputTemplate: aws.String(`{"order_id" : "<order_id>", "shipped_at" : "<shipped_at>"}`),
			InputPathsMap: map[string]string{"order_id": "$.detail.order_id", "shipped_at": "$.detail.shipped_at"},
		},
	})
}

func (s *shop) rule(ctx context.Context, name, pattern string, target bridge.Target) error {
	if _, err := s.events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: &name, EventBusName: aws.String(busName), EventPattern: &pattern,
	}); err != nil {
		return err
	}
	_, err := s.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: &name, EventBusName: aws.String(busName), Targets: []bridge.Target{target},
	})
	return err
}

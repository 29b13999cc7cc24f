package cloudformation_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// event is one event of the source orders.
func event(bus, detail string) []types.PutEventsRequestEntry {
	return []types.PutEventsRequestEntry{{EventBusName: aws.String(bus), Source: aws.String("orders"), DetailType: aws.String("t"), Detail: aws.String(detail)}}
}

package logs_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const (
	busARN  = "arn:aws:events:us-east-1:000000000000:event-bus/orders"
	groupIs = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/orders"
)

// source puts a delivery source of the orders bus.
func (w *world) source(name, logType string) error {
	return only(w.logs.PutDeliverySource(w.ctx, &cloudwatchlogs.PutDeliverySourceInput{Name: &name, ResourceArn: aws.String(busARN), LogType: &logType}))
}

// destinationOf puts a delivery destination.
func (w *world) destinationOf(name, resource string) (*cloudwatchlogs.PutDeliveryDestinationOutput, error) {
	return w.logs.PutDeliveryDestination(w.ctx, &cloudwatchlogs.PutDeliveryDestinationInput{
		Name: &name, DeliveryDestinationConfiguration: &types.DeliveryDestinationConfiguration{DestinationResourceArn: &resource},
	})
}

func TestADeliveryBindsASourceToADestination(t *testing.T) {
	w := newWorld(t)
	must(w.logs.PutDeliverySource(w.ctx, &cloudwatchlogs.PutDeliverySourceInput{
		Name: aws.String("errors"), ResourceArn: aws.String(busARN), LogType: aws.String("ERROR_LOGS"), Tags: map[string]string{"a": "b"},
	}))(t)
	to := *must(w.destinationOf("group", groupIs))(t).DeliveryDestination.Arn
	if want := "arn:aws:logs:us-east-1:000000000000:delivery-destination:group"; to != want {
		t.Errorf("the destination is %s, want %s", to, want)
	}
	d := must(w.logs.CreateDelivery(w.ctx, &cloudwatchlogs.CreateDeliveryInput{DeliverySourceName: aws.String("errors"), DeliveryDestinationArn: &to}))(t).Delivery
	must(w.logs.TagResource(w.ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: d.Arn, Tags: map[string]string{"c": "d"}}))(t)
	w.Restart()
	source := must(w.logs.GetDeliverySource(w.ctx, &cloudwatchlogs.GetDeliverySourceInput{Name: aws.String("errors")}))(t).DeliverySource
	if *source.Service != "events" || !slices.Equal(source.ResourceArns, []string{busARN}) || *source.LogType != "ERROR_LOGS" || source.Tags["a"] != "b" {
		t.Errorf("GetDeliverySource = %+v", source)
	}
	got := must(w.logs.GetDelivery(w.ctx, &cloudwatchlogs.GetDeliveryInput{Id: d.Id}))(t).Delivery
	if *got.DeliverySourceName != "errors" || *got.DeliveryDestinationArn != to || got.DeliveryDestinationType != types.DeliveryDestinationTypeCwl || len(got.RecordFields) == 0 || got.Tags["c"] != "d" {
		t.Errorf("GetDelivery = %+v", got)
	}
	must(w.logs.UntagResource(w.ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: d.Arn, TagKeys: []string{"c"}}))(t)
	if tags := must(w.logs.ListTagsForResource(w.ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: d.Arn}))(t).Tags; len(tags) != 0 {
		t.Errorf("the delivery has the tags %v", tags)
	}
	must(w.logs.UpdateDeliveryConfiguration(w.ctx, &cloudwatchlogs.UpdateDeliveryConfigurationInput{Id: d.Id, RecordFields: []string{"event_id"}}))(t)
	if all := must(w.logs.DescribeDeliveries(w.ctx, &cloudwatchlogs.DescribeDeliveriesInput{}))(t).Deliveries; len(all) != 1 || !slices.Equal(all[0].RecordFields, []string{"event_id"}) {
		t.Errorf("DescribeDeliveries = %+v", all)
	}
	refused(t, []refusal{
		{"a source with a delivery is deleted", func() error {
			return only(w.logs.DeleteDeliverySource(w.ctx, &cloudwatchlogs.DeleteDeliverySourceInput{Name: aws.String("errors")}))
		}, "ConflictException", *d.Id},
		{"a destination with a delivery is deleted", func() error {
			return only(w.logs.DeleteDeliveryDestination(w.ctx, &cloudwatchlogs.DeleteDeliveryDestinationInput{Name: aws.String("group")}))
		}, "ConflictException", *d.Id},
		{"the same delivery again", func() error {
			return only(w.logs.CreateDelivery(w.ctx, &cloudwatchlogs.CreateDeliveryInput{DeliverySourceName: aws.String("errors"), DeliveryDestinationArn: &to}))
		}, "ConflictException", *d.Id},
	})
	must(w.logs.DeleteDelivery(w.ctx, &cloudwatchlogs.DeleteDeliveryInput{Id: d.Id}))(t)
	must(w.logs.DeleteDeliverySource(w.ctx, &cloudwatchlogs.DeleteDeliverySourceInput{Name: aws.String("errors")}))(t)
	must(w.logs.DeleteDeliveryDestination(w.ctx, &cloudwatchlogs.DeleteDeliveryDestinationInput{Name: aws.String("group")}))(t)
	if all := must(w.logs.DescribeDeliverySources(w.ctx, &cloudwatchlogs.DescribeDeliverySourcesInput{}))(t).DeliverySources; len(all) != 0 {
		t.Errorf("DescribeDeliverySources = %+v", all)
	}
	if all := must(w.logs.DescribeDeliveryDestinations(w.ctx, &cloudwatchlogs.DescribeDeliveryDestinationsInput{}))(t).DeliveryDestinations; len(all) != 0 {
		t.Errorf("DescribeDeliveryDestinations = %+v", all)
	}
}

func TestPoliciesOfDestinationsAreKept(t *testing.T) {
	w := newWorld(t)
	name, document := aws.String("group"), aws.String(`{"Version":"2012-10-17","Statement":[]}`)
	must(w.destinationOf(*name, groupIs))(t)
	must(w.logs.PutDeliveryDestinationPolicy(w.ctx, &cloudwatchlogs.PutDeliveryDestinationPolicyInput{DeliveryDestinationName: name, DeliveryDestinationPolicy: document}))(t)
	must(w.destinationOf(*name, groupIs+"/2"))(t)
	if p := must(w.logs.GetDeliveryDestinationPolicy(w.ctx, &cloudwatchlogs.GetDeliveryDestinationPolicyInput{DeliveryDestinationName: name}))(t).Policy; *p.DeliveryDestinationPolicy != *document {
		t.Errorf("the policy is %+v", p)
	}
	must(w.logs.DeleteDeliveryDestinationPolicy(w.ctx, &cloudwatchlogs.DeleteDeliveryDestinationPolicyInput{DeliveryDestinationName: name}))(t)
	if p := must(w.logs.GetDeliveryDestinationPolicy(w.ctx, &cloudwatchlogs.GetDeliveryDestinationPolicyInput{DeliveryDestinationName: name}))(t).Policy; p == nil || p.DeliveryDestinationPolicy != nil {
		t.Errorf("once deleted the policy is %+v", p)
	}
}

func TestVendedLogsAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	if err := w.source("errors", "ERROR_LOGS"); err != nil {
		t.Fatal(err)
	}
	const validation = "ValidationException"
	noSource, noDestination := "Requested Delivery Source does not exist in this account.", "Requested Delivery Destination does not exist in this account."
	refused(t, []refusal{
		{"a source that logs nothing", func() error {
			return only(w.logs.PutDeliverySource(w.ctx, &cloudwatchlogs.PutDeliverySourceInput{Name: aws.String("a"), ResourceArn: aws.String("arn:aws:s3:::bucket"), LogType: aws.String("ACCESS_LOGS")}))
		}, missing, "Cannot access provided service."},
		{"a source that is no ARN", func() error {
			return only(w.logs.PutDeliverySource(w.ctx, &cloudwatchlogs.PutDeliverySourceInput{Name: aws.String("a"), ResourceArn: aws.String("bus"), LogType: aws.String("ERROR_LOGS")}))
		}, validation, "resourceArn"},
		{"a log type that buses have not", func() error { return w.source("a", "ACCESS_LOGS") }, validation, "ACCESS_LOGS"},
		{"a second source of the same logs", func() error { return w.source("a", "ERROR_LOGS") }, "ConflictException", "errors"},
		{"a format that is none", func() error {
			return only(w.logs.PutDeliveryDestination(w.ctx, &cloudwatchlogs.PutDeliveryDestinationInput{
				Name: aws.String("a"), OutputFormat: "foobar", DeliveryDestinationConfiguration: &types.DeliveryDestinationConfiguration{DestinationResourceArn: aws.String(groupIs)},
			}))
		}, validation, "1 validation error detected: Value 'foobar' at 'outputFormat' failed to satisfy constraint: Member must satisfy enum value set: [w3c, raw, json, plain, parquet]"},
		{"a destination that is a bucket", func() error { return only(w.destinationOf("a", "arn:aws:s3:::bucket")) }, validation, "not implemented by Signalbox"},
		{"a destination in another account", func() error { return only(w.destinationOf("a", "arn:aws:logs:us-east-1:111111111111:log-group:g")) }, validation, "another account"},
		{"a source that is not there", func() error {
			return only(w.logs.GetDeliverySource(w.ctx, &cloudwatchlogs.GetDeliverySourceInput{Name: aws.String("a")}))
		}, missing, noSource},
		{"a destination that is not there", func() error {
			return only(w.logs.DeleteDeliveryDestination(w.ctx, &cloudwatchlogs.DeleteDeliveryDestinationInput{Name: aws.String("a")}))
		}, missing, noDestination},
		{"a policy of a destination that is not there", func() error {
			return only(w.logs.GetDeliveryDestinationPolicy(w.ctx, &cloudwatchlogs.GetDeliveryDestinationPolicyInput{DeliveryDestinationName: aws.String("a")}))
		}, missing, noDestination},
		{"a delivery to nowhere", func() error {
			return only(w.logs.CreateDelivery(w.ctx, &cloudwatchlogs.CreateDeliveryInput{
				DeliverySourceName: aws.String("errors"), DeliveryDestinationArn: aws.String("arn:aws:logs:us-east-1:000000000000:delivery-destination:a"),
			}))
		}, missing, noDestination},
		{"a delivery from nowhere", func() error {
			return only(w.logs.CreateDelivery(w.ctx, &cloudwatchlogs.CreateDeliveryInput{
				DeliverySourceName: aws.String("a"), DeliveryDestinationArn: aws.String("arn:aws:logs:us-east-1:000000000000:delivery-destination:a"),
			}))
		}, missing, noSource},
		{"a field that records have not", func() error {
			return only(w.logs.CreateDelivery(w.ctx, &cloudwatchlogs.CreateDeliveryInput{
				DeliverySourceName: aws.String("errors"), DeliveryDestinationArn: aws.String("a"), RecordFields: []string{"c-ip"},
			}))
		}, validation, "c-ip"},
		{"a delivery that is not there", func() error {
			return only(w.logs.GetDelivery(w.ctx, &cloudwatchlogs.GetDeliveryInput{Id: aws.String("a")}))
		}, missing, "Requested Delivery does not exist in this account."},
		{"streams of a name and an identifier", func() error {
			return only(w.logs.DescribeLogStreams(w.ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("g"), LogGroupIdentifier: aws.String("g")}))
		}, validation, "LogGroup name and LogGroup ARN are mutually exclusive parameters."},
	})
}

package cloudformation_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const orders = `
AWSTemplateFormatVersion: 2010-09-09
Description: A bus and a queue
Parameters:
  Wait: {Type: Number, Default: 7}
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: !Sub "${AWS::StackName}-bus", Tags: [{Key: a, Value: b}]}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref Wait
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead: {Type: AWS::SQS::Queue}
  Allow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn}]
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [orders], detail: {n: [{numeric: [">", 1]}]}}
      Targets: [{Id: q, Arn: !GetAtt Queue.Arn}]
Outputs:
  Queue: {Value: !Ref Queue, Export: {Name: !Sub "${AWS::StackName}:queue"}}
  Bus: {Value: !GetAtt Bus.Arn}
`

func TestAStackIsMadeWorksAndIsDeleted(t *testing.T) {
	h := start(t)
	id := h.create("orders", orders)
	out := outputs(h.is("orders", types.StackStatusCreateComplete))
	queues, buses := sqs.NewFromConfig(h.box.Config()), eventbridge.NewFromConfig(h.box.Config())
	sent, err := buses.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: event("orders-bus", `{"n":2}`)})
	if err != nil || sent.FailedEntryCount > 0 {
		t.Fatal(err, sent)
	}
	got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(out["Queue"]), WaitTimeSeconds: 10})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("received %v, %v", got, err)
	}
	attributes, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(out["Queue"]), AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil || attributes.Attributes["VisibilityTimeout"] != "7" || !strings.Contains(attributes.Attributes["RedrivePolicy"], "orders-Dead-") {
		t.Errorf("attributes %v, %v", attributes.Attributes, err)
	}
	if _, err := h.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("orders")}); err != nil {
		t.Fatal(err)
	}
	h.is(id, types.StackStatusDeleteComplete)
	if list, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil || len(list.QueueUrls) > 0 {
		t.Errorf("queues are left: %v, %v", list, err)
	}
	if _, err := buses.DescribeEventBus(t.Context(), &eventbridge.DescribeEventBusInput{Name: aws.String("orders-bus")}); err == nil {
		t.Error("the bus is left")
	}
	_, err = h.cfn.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("orders")})
	h.refused(err, "ValidationError", "Stack with id orders does not exist")
}

func TestAStackThatFailsIsRolledBackAndSaysWhy(t *testing.T) {
	h := start(t)
	h.create("bad", strings.Replace(orders, "Value: b", "Value: b}, {Key: aws:c, Value: d", 1)+`
  Never: {Value: !Ref Rule}
`)
	h.is("bad", types.StackStatusRollbackComplete)
	events := h.events("bad")
	for _, want := range []string{
		"bad CREATE_IN_PROGRESS User Initiated",
		"Bus CREATE_FAILED",
		"bad ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Bus]. Rollback requested by user.",
		"bad ROLLBACK_COMPLETE",
	} {
		if !slices.ContainsFunc(events, func(e string) bool { return strings.HasPrefix(e, want) }) {
			t.Errorf("no event %q in\n%s", want, strings.Join(events, "\n"))
		}
	}
	if list, err := sqs.NewFromConfig(h.box.Config()).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil || len(list.QueueUrls) > 0 {
		t.Errorf("queues are left: %v, %v", list, err)
	}
}

func TestAnUpdateChangesReplacesAddsAndRemoves(t *testing.T) {
	h := start(t)
	h.create("orders", orders)
	first := outputs(h.is("orders", types.StackStatusCreateComplete))
	update := func(template string, ps ...types.Parameter) error {
		_, err := h.cfn.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("orders"), TemplateBody: aws.String(template), Parameters: ps})
		return err
	}
	h.refused(update(orders), "ValidationError", "No updates are to be performed.")
	if err := update(orders, parameters("Wait", "9")...); err != nil {
		t.Fatal(err)
	}
	second := outputs(h.is("orders", types.StackStatusUpdateComplete))
	if second["Queue"] != first["Queue"] {
		t.Error("a change of its time-out replaced the queue")
	}
	// A queue's name cannot be changed: what refers to it follows.
	named := strings.Replace(orders, "VisibilityTimeout", "QueueName: new\n      VisibilityTimeout", 1)
	named = strings.Replace(named, "  Allow:", "  More: {Type: AWS::SQS::Queue}\n  Allow:", 1)
	if err := update(named); err != nil {
		t.Fatal(err)
	}
	third := outputs(h.is("orders", types.StackStatusUpdateComplete))
	if !strings.HasSuffix(third["Queue"], "/new") {
		t.Errorf("the queue is %s", third["Queue"])
	}
	queues := sqs.NewFromConfig(h.box.Config())
	list, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil || len(list.QueueUrls) != 3 || slices.Contains(list.QueueUrls, first["Queue"]) {
		t.Errorf("queues %v, %v", list, err)
	}
	// An update that fails leaves everything as it was.
	bad := strings.Replace(named, "VisibilityTimeout: !Ref Wait", "VisibilityTimeout: 11", 1)
	bad = strings.Replace(bad, "  More: {Type: AWS::SQS::Queue}", "  Zap: {Type: AWS::SQS::Queue, DependsOn: Rule, Properties: {VisibilityTimeout: 99999999}}", 1)
	if err := update(bad); err != nil {
		t.Fatal(err)
	}
	if back := outputs(h.is("orders", types.StackStatusUpdateRollbackComplete)); back["Queue"] != third["Queue"] {
		t.Error("the rollback replaced the queue")
	}
	attributes, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(third["Queue"]), AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil || attributes.Attributes["VisibilityTimeout"] != "7" {
		t.Errorf("attributes %v, %v", attributes.Attributes, err)
	}
	if list, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil || len(list.QueueUrls) != 3 {
		t.Errorf("queues %v, %v", list, err)
	}
}

func TestWhatIsWrongIsRefusedBeforeAnythingIsMade(t *testing.T) {
	h := start(t)
	for name, c := range map[string]struct{ template, code, text string }{
		"a type that is not implemented": {`{"Resources":{"B":{"Type":"AWS::S3::Bucket"}}}`, "ValidationError", "Unrecognized resource types: [AWS::S3::Bucket]"},
		"an unknown property":            {`{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"Colour":"red"}}}}`, "ValidationError", "Encountered unsupported property Colour"},
		"a parameter without a value":    {`{"Parameters":{"P":{"Type":"String"}},"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}`, "ValidationError", "Parameters: [P] must have values"},
		"a reference to nothing":         {`{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":{"Ref":"Nix"}}}}}`, "ValidationError", "Unresolved resource dependencies [Nix]"},
		"a circle":                       {`{"Resources":{"A":{"Type":"AWS::SQS::Queue","DependsOn":"B"},"B":{"Type":"AWS::SQS::Queue","DependsOn":"A"}}}`, "ValidationError", "Circular dependency between resources: [A, B]"},
		"a macro":                        {`{"Transform":"AWS::Serverless-2016-10-31","Resources":{"A":{"Type":"AWS::SQS::Queue"}}}`, "ValidationError", "Transform AWS::Serverless-2016-10-31 is not implemented"},
		"a function that is unknown":     {`{"Resources":{"A":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":{"Fn::Shout":"a"}}}}}`, "ValidationError", "Fn::Shout is not implemented"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.cfn.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("x"), TemplateBody: aws.String(c.template)})
			h.refused(err, c.code, c.text)
		})
	}
	if out, err := h.cfn.ListStacks(t.Context(), &cloudformation.ListStacksInput{}); err != nil || len(out.StackSummaries) > 0 {
		t.Errorf("stacks %v, %v", out, err)
	}
}

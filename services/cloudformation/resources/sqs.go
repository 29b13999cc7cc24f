package resources

import (
	"context"
	"strings"
)

const queueAttributes = "DelaySeconds MaximumMessageSize MessageRetentionPeriod ReceiveMessageWaitTimeSeconds VisibilityTimeout " +
	"KmsMasterKeyId KmsDataKeyReusePeriodSeconds SqsManagedSseEnabled RedrivePolicy RedriveAllowPolicy ContentBasedDeduplication DeduplicationScope FifoThroughputLimit"

func sqsTypes() map[string]*Type {
	return map[string]*Type{
		"AWS::SQS::Queue": {
			Properties: "QueueName! FifoQueue! Tags " + queueAttributes,
			Create:     createQueue, Update: updateQueue,
			Delete: func(ctx context.Context, r *Request) error {
				_, err := r.Call(ctx, "sqs", "DeleteQueue", map[string]any{"QueueUrl": r.ID})
				return err
			},
		},
		"AWS::SQS::QueuePolicy": {
			Properties: "Queues* PolicyDocument*",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				id := madeUp(r.Stack, r.Logical, r.Token, 128)
				return Made{ID: id, Attributes: map[string]any{"Id": id}}, queuePolicies(ctx, r, texts(r.Properties["Queues"]), r.Properties["PolicyDocument"])
			},
			Update: func(ctx context.Context, r *Request) (Made, error) {
				now := texts(r.Properties["Queues"])
				if err := queuePolicies(ctx, r, less(texts(r.Previous["Queues"]), now), ""); err != nil {
					return Made{}, err
				}
				return Made{ID: r.ID, Attributes: r.Attributes}, queuePolicies(ctx, r, now, r.Properties["PolicyDocument"])
			},
			Delete: func(ctx context.Context, r *Request) error {
				return queuePolicies(ctx, r, texts(r.Properties["Queues"]), "")
			},
		},
	}
}

func queuePolicies(ctx context.Context, r *Request, urls []string, policy any) error {
	for _, url := range urls {
		in := map[string]any{"QueueUrl": url, "Attributes": map[string]any{"Policy": policy}}
		if _, err := r.Call(ctx, "sqs", "SetQueueAttributes", in); err != nil && (policy != "" || !Gone(err)) {
			return err
		}
	}
	return nil
}

// queueName ends as FIFO queues' names do.
func queueName(r *Request) string {
	name := r.name("QueueName", 75)
	if r.text("FifoQueue") == "true" && r.text("QueueName") == "" {
		name += ".fifo"
	}
	return name
}

func createQueue(ctx context.Context, r *Request) (Made, error) {
	in := map[string]any{"QueueName": queueName(r), "Attributes": r.only(append(strings.Fields(queueAttributes), "FifoQueue")...)}
	if attributes := in["Attributes"].(map[string]any); r.text("FifoQueue") == "false" {
		delete(attributes, "FifoQueue") // the API takes true only
	}
	if tags := r.tags(); len(tags) > 0 {
		in["tags"] = tagMap(tags)
	}
	out, err := r.Call(ctx, "sqs", "CreateQueue", in)
	if err != nil {
		return Made{}, err
	}
	return queueMade(r, textOf(out["QueueUrl"])), nil
}

func queueMade(r *Request, url string) Made {
	name := url[strings.LastIndexByte(url, '/')+1:]
	return Made{ID: url, Attributes: map[string]any{"Arn": r.arn("sqs", name), "QueueName": name, "QueueUrl": url}}
}

// queueDefaults are what an attribute has again when its property is taken away.
var queueDefaults = map[string]string{
	"DelaySeconds": "0", "MaximumMessageSize": "262144", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30",
	"RedrivePolicy": "", "RedriveAllowPolicy": "", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue",
}

func updateQueue(ctx context.Context, r *Request) (Made, error) {
	attributes := r.only(strings.Fields(queueAttributes)...)
	for name := range r.Previous {
		if standard, ok := queueDefaults[name]; ok && attributes[name] == nil {
			attributes[name] = standard
		}
	}
	if len(attributes) > 0 {
		if _, err := r.Call(ctx, "sqs", "SetQueueAttributes", map[string]any{"QueueUrl": r.ID, "Attributes": attributes}); err != nil {
			return Made{}, err
		}
	}
	return queueMade(r, r.ID), r.retag(ctx, tagging{service: "sqs", tag: "TagQueue", untag: "UntagQueue", of: "QueueUrl", keys: "TagKeys"}, r.ID)
}

package apigatewayv2

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// Subtype is an operation of an AWS service that an HTTP API can call by itself
// (developer guide, page http-api-develop-integrations-aws-services-reference).
type Subtype struct {
	Service, Action string
	Required        []string
	Optional        []string
}

// Subtypes are the operations that are implemented, by their names.
var Subtypes = map[string]Subtype{
	"EventBridge-PutEvents": {"events", "PutEvents", []string{"Detail", "DetailType", "Source"}, []string{"Time", "EventBusName", "Resources", "Region", "TraceHeader"}},
	"SQS-SendMessage": {"sqs", "SendMessage", []string{"QueueUrl", "MessageBody"},
		[]string{"DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId", "MessageSystemAttributes", "Region"}},
	"SQS-ReceiveMessage": {"sqs", "ReceiveMessage", []string{"QueueUrl"},
		[]string{"AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames", "ReceiveRequestAttemptId", "VisibilityTimeout", "WaitTimeSeconds", "Region"}},
	"SQS-DeleteMessage":                {"sqs", "DeleteMessage", []string{"ReceiptHandle", "QueueUrl"}, []string{"Region"}},
	"SQS-PurgeQueue":                   {"sqs", "PurgeQueue", []string{"QueueUrl"}, []string{"Region"}},
	"StepFunctions-StartExecution":     {"states", "StartExecution", []string{"StateMachineArn"}, []string{"Name", "Input", "Region"}},
	"StepFunctions-StartSyncExecution": {"states", "StartSyncExecution", []string{"StateMachineArn"}, []string{"Name", "Input", "Region", "TraceHeader"}},
	"StepFunctions-StopExecution":      {"states", "StopExecution", []string{"ExecutionArn"}, []string{"Cause", "Error", "Region"}},
	"Kinesis-PutRecord":                {"kinesis", "PutRecord", []string{"StreamName", "Data", "PartitionKey"}, []string{"SequenceNumberForOrdering", "ExplicitHashKey", "Region"}},
}

// checkIntegration completes an integration and says what is wrong with it.
func checkIntegration(i *Integration) error {
	if i.ConnectionType == nil {
		i.ConnectionType = new(ConnectionTypeInternet)
	}
	if *i.ConnectionType == ConnectionTypeVpcLink {
		return bad("VPC links are not implemented by Signalbox.")
	}
	if i.TimeoutInMillis == nil {
		i.TimeoutInMillis = new(int32(30_000))
	}
	if i.PayloadFormatVersion == nil {
		i.PayloadFormatVersion = new("1.0")
	}
	switch *i.IntegrationType {
	case IntegrationTypeAwsProxy:
		if i.IntegrationSubtype != nil {
			return checkSubtype(i)
		}
		if uri := wire.Value(i.IntegrationUri); !strings.Contains(uri, ":lambda:") {
			return bad("Invalid function ARN or integration URI specified: %s", uri)
		}
		if i.IntegrationMethod == nil {
			i.IntegrationMethod = new("POST")
		}
		if v := *i.PayloadFormatVersion; v != "1.0" && v != "2.0" {
			return bad("Payload format version %s is not one of 1.0, 2.0", v)
		}
	case IntegrationTypeHttpProxy:
		if uri := wire.Value(i.IntegrationUri); !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://") {
			return bad("Invalid integration URI specified: %s", uri)
		}
		if wire.Value(i.IntegrationMethod) == "" {
			return bad("HttpMethod must be specified for an HTTP_PROXY integration")
		}
		if *i.PayloadFormatVersion != "1.0" {
			return bad("Payload format version of an HTTP_PROXY integration is 1.0")
		}
	default:
		return bad("HTTP APIs have integrations of the types AWS_PROXY and HTTP_PROXY, not %s", *i.IntegrationType)
	}
	return checkMappings(i)
}

func checkSubtype(i *Integration) error {
	t, ok := Subtypes[*i.IntegrationSubtype]
	if !ok {
		return bad("The integration subtype %s is not implemented by Signalbox.", *i.IntegrationSubtype)
	}
	for _, name := range t.Required {
		if i.RequestParameters[name] == "" {
			return bad("Parameter: %s is required for integration subtype: %s", name, *i.IntegrationSubtype)
		}
	}
	for name := range i.RequestParameters {
		if !slices.Contains(t.Required, name) && !slices.Contains(t.Optional, name) {
			return bad("Parameter: %s does not fit schema for Operation: %s", name, *i.IntegrationSubtype)
		}
	}
	if wire.Value(i.CredentialsArn) == "" {
		return bad("Credentials are required for integration subtype: %s", *i.IntegrationSubtype)
	}
	return nil
}

// checkMappings looks at the parameter mappings (page
// http-api-parameter-mapping).
func checkMappings(i *Integration) error {
	for key := range i.RequestParameters {
		operation, place, _ := strings.Cut(key, ":")
		kind, _, _ := strings.Cut(place, ".")
		ok := operation == "append" || operation == "overwrite" || operation == "remove"
		if !ok || kind != "header" && kind != "querystring" && (kind != "path" || operation != "overwrite") {
			return bad("Invalid mapping expression specified: %s", key)
		}
	}
	for status, mappings := range i.ResponseParameters {
		if len(status) != 3 {
			return bad("Invalid status code for response parameters: %s", status)
		}
		for key := range mappings {
			operation, place, _ := strings.Cut(key, ":")
			ok := operation == "append" || operation == "overwrite" || operation == "remove"
			if !ok || !strings.HasPrefix(place, "header.") && key != "overwrite:statuscode" {
				return bad("Invalid mapping expression specified: %s", key)
			}
		}
	}
	return nil
}

// CreateIntegration implements [API].
func (s *Service) CreateIntegration(ctx context.Context, in *CreateIntegrationInput) (*CreateIntegrationOutput, error) {
	i := &Integration{IntegrationId: new(kept.NewID(7))}
	merge(i, in)
	if err := checkIntegration(i); err != nil {
		return nil, err
	}
	return (*CreateIntegrationOutput)(i), s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		a.Definition.Integrations[*i.IntegrationId] = i
		return nil
	})
}

func (d *Definition) integration(id string) (*Integration, error) {
	if i := d.Integrations[id]; i != nil {
		return i, nil
	}
	return nil, notFound("Integration", id)
}

// GetIntegration implements [API].
func (s *Service) GetIntegration(ctx context.Context, in *GetIntegrationInput) (*GetIntegrationOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	i, err := a.Definition.integration(*in.IntegrationId)
	return (*GetIntegrationOutput)(i), err
}

// GetIntegrations implements [API].
func (s *Service) GetIntegrations(ctx context.Context, in *GetIntegrationsInput) (*GetIntegrationsOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(a.Definition.Integrations, in.MaxResults, in.NextToken)
	return &GetIntegrationsOutput{Items: rows, NextToken: next}, err
}

// UpdateIntegration implements [API].
func (s *Service) UpdateIntegration(ctx context.Context, in *UpdateIntegrationInput) (*UpdateIntegrationOutput, error) {
	var out UpdateIntegrationOutput
	err := s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		i, err := a.Definition.integration(*in.IntegrationId)
		if err != nil {
			return err
		}
		merge(i, in)
		err = checkIntegration(i)
		out = UpdateIntegrationOutput(*i)
		return err
	})
	return &out, err
}

// DeleteIntegration implements [API].
func (s *Service) DeleteIntegration(ctx context.Context, in *DeleteIntegrationInput) (*DeleteIntegrationOutput, error) {
	return nil, s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		if _, err := a.Definition.integration(*in.IntegrationId); err != nil {
			return err
		}
		for _, r := range a.Definition.Routes {
			if wire.Value(r.Target) == "integrations/"+*in.IntegrationId {
				return conflict("Cannot delete integration '%s'. It is referenced by route %s", *in.IntegrationId, *r.RouteKey)
			}
		}
		delete(a.Definition.Integrations, *in.IntegrationId)
		return nil
	})
}

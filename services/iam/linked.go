package iam

import (
	"context"
	"regexp"
	"strings"
	"unicode"

	"github.com/signalbox/signalbox/wire"
)

var linkable = regexp.MustCompile(`^([a-z0-9-]+\.)+amazonaws\.com$`)

// linkedName is the name of a service-linked role: AWSServiceRoleFor and the
// service's name as the service has it, which is told for those that
// applications meet and guessed for others.
func linkedName(service string, suffix *string) string {
	known := map[string]string{
		"events": "AmazonEventBridge", "apidestinations.events": "AmazonEventBridgeApiDestinations", "schemas": "Schemas",
		"ops.apigateway": "APIGateway", "email.cognito-idp": "AmazonCognitoIdpEmailService", "cognito-idp": "AmazonCognitoIdp",
		"dynamodb.application-autoscaling": "ApplicationAutoScaling_DynamoDBTable", "lambda.application-autoscaling": "ApplicationAutoScaling_LambdaConcurrency",
		"replication.dynamodb": "DynamoDBReplication", "appsync": "AppSync", "ecs": "ECS", "xray": "XRay",
	}
	short := strings.TrimSuffix(service, ".amazonaws.com")
	name, ok := known[short]
	if !ok {
		for _, word := range strings.FieldsFunc(short, func(r rune) bool { return r == '.' || r == '-' }) {
			name += string(unicode.ToUpper(rune(word[0]))) + word[1:]
		}
	}
	if suffix != nil {
		name += "_" + *suffix
	}
	return "AWSServiceRoleFor" + name
}

// CreateServiceLinkedRole implements [API].
func (s *Service) CreateServiceLinkedRole(ctx context.Context, in *CreateServiceLinkedRoleInput) (*CreateServiceLinkedRoleOutput, error) {
	service := *in.AWSServiceName
	if !linkable.MatchString(service) {
		return nil, invalidInput("Service Linked Role cannot be created for service %s", service)
	}
	i := &identity{
		Kind: role, Path: "/aws-service-role/" + service + "/", Name: linkedName(service, in.CustomSuffix), Service: service,
		Trust:       `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`,
		Description: in.Description, MaxSession: defaultSession,
	}
	err := s.create(ctx, i, nil, nil)
	if wire.IsCode(err, CodeEntityAlreadyExistsException) {
		return nil, invalidInput("Service role name %s has been taken in this account, please try a different suffix.", i.Name)
	}
	if err != nil {
		return nil, err
	}
	r := i.role()
	r.RoleLastUsed, r.MaxSessionDuration = nil, nil
	return &CreateServiceLinkedRoleOutput{Role: r}, nil
}

// DeleteServiceLinkedRole implements [API]. The role is gone at once.
func (s *Service) DeleteServiceLinkedRole(ctx context.Context, in *DeleteServiceLinkedRoleInput) (*DeleteServiceLinkedRoleOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.identity(ctx, role, *in.RoleName)
	if err != nil {
		return nil, err
	}
	if i.Service == "" {
		return nil, invalidInput("Role %s is not a service-linked role.", i.Name)
	}
	task := "task" + i.Path + i.Name + "/" + i.ID
	return &DeleteServiceLinkedRoleOutput{DeletionTaskId: &task}, s.identities.Delete(ctx, i.key())
}

// GetServiceLinkedRoleDeletionStatus implements [API].
func (s *Service) GetServiceLinkedRoleDeletionStatus(_ context.Context, in *GetServiceLinkedRoleDeletionStatusInput) (*GetServiceLinkedRoleDeletionStatusOutput, error) {
	if !strings.HasPrefix(*in.DeletionTaskId, "task/aws-service-role/") {
		return nil, noEntity("The deletion task %s cannot be found.", *in.DeletionTaskId)
	}
	return &GetServiceLinkedRoleDeletionStatusOutput{Status: new(DeletionTaskStatusTypeSucceeded)}, nil
}

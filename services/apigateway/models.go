package apigateway

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// ModelName is what names of models look like.
var ModelName = regexp.MustCompile(`^[A-Za-z0-9]{1,128}$`)

func checkModel(m *Model) error {
	if *m.Name == "" {
		return bad("Model name must be non-empty")
	}
	if wire.Value(m.Schema) == "" {
		return bad("Model schema must have at least 1 property or array items defined")
	}
	if !ModelName.MatchString(*m.Name) {
		return bad("Model name must be alphanumeric: %s", *m.Name)
	}
	if m.Schema != nil && *m.Schema != "" && !json.Valid([]byte(*m.Schema)) {
		return bad("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	}
	return nil
}

// CreateModel implements [API].
func (s *Service) CreateModel(ctx context.Context, in *CreateModelInput) (*CreateModelOutput, error) {
	m := &Model{Id: new(kept.NewID(6)), Name: in.Name, Description: in.Description, Schema: in.Schema, ContentType: in.ContentType}
	if err := checkModel(m); err != nil {
		return nil, err
	}
	return (*CreateModelOutput)(m), s.change(ctx, *in.RestApiId, func(a *api) error {
		if a.Models[*m.Name] != nil {
			return conflict("Model name already exists for this REST API")
		}
		a.Models[*m.Name] = m
		return nil
	})
}

func (d *Definition) model(name string) (*Model, error) {
	if m := d.Models[name]; m != nil {
		return m, nil
	}
	return nil, notFound("Invalid model name specified: %s", name)
}

// GetModel implements [API].
func (s *Service) GetModel(ctx context.Context, in *GetModelInput) (*GetModelOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	m, err := a.model(*in.ModelName)
	return (*GetModelOutput)(m), err
}

// GetModels implements [API].
func (s *Service) GetModels(ctx context.Context, in *GetModelsInput) (*GetModelsOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(kept.Values(a.Models), func(m Model) string { return *m.Name }, in.Limit, in.Position)
	return &GetModelsOutput{Items: rows, Position: next}, err
}

// UpdateModel implements [API].
func (s *Service) UpdateModel(ctx context.Context, in *UpdateModelInput) (*UpdateModelOutput, error) {
	var out UpdateModelOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		m, err := a.model(*in.ModelName)
		if err != nil {
			return err
		}
		if err := replacing(in.PatchOperations); err != nil {
			return err
		}
		if err := apply(m, in.PatchOperations, "description", "schema"); err != nil {
			return err
		}
		out = UpdateModelOutput(*m)
		return checkModel(m)
	})
	return &out, err
}

// DeleteModel implements [API].
func (s *Service) DeleteModel(ctx context.Context, in *DeleteModelInput) (*DeleteModelOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		if _, err := a.model(*in.ModelName); err != nil {
			return err
		}
		for _, r := range a.Resources {
			for verb, m := range r.ResourceMethods {
				for _, used := range m.RequestModels {
					if used == *in.ModelName {
						return conflict("Cannot delete model '%s', is referenced in method request: %s/%s", used, *r.Path, verb)
					}
				}
			}
		}
		delete(a.Models, *in.ModelName)
		return nil
	})
}

// CreateRequestValidator implements [API].
func (s *Service) CreateRequestValidator(ctx context.Context, in *CreateRequestValidatorInput) (*CreateRequestValidatorOutput, error) {
	v := &RequestValidator{
		Id: new(kept.NewID(6)), Name: in.Name, ValidateRequestBody: wire.Value(in.ValidateRequestBody),
		ValidateRequestParameters: wire.Value(in.ValidateRequestParameters),
	}
	if _, err := s.find(ctx, *in.RestApiId); err != nil {
		return nil, bad("Invalid REST API identifier specified")
	}
	return (*CreateRequestValidatorOutput)(v), s.change(ctx, *in.RestApiId, func(a *api) error {
		a.Validators[*v.Id] = v
		return nil
	})
}

func (d *Definition) validator(id string) (*RequestValidator, error) {
	if v := d.Validators[id]; v != nil {
		return v, nil
	}
	return nil, notFound("Invalid Request Validator identifier specified")
}

// GetRequestValidator implements [API].
func (s *Service) GetRequestValidator(ctx context.Context, in *GetRequestValidatorInput) (*GetRequestValidatorOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	v, err := a.validator(*in.RequestValidatorId)
	return (*GetRequestValidatorOutput)(v), err
}

// GetRequestValidators implements [API].
func (s *Service) GetRequestValidators(ctx context.Context, in *GetRequestValidatorsInput) (*GetRequestValidatorsOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(kept.Values(a.Validators), func(v RequestValidator) string { return *v.Id }, in.Limit, in.Position)
	return &GetRequestValidatorsOutput{Items: rows, Position: next}, err
}

// UpdateRequestValidator implements [API].
func (s *Service) UpdateRequestValidator(ctx context.Context, in *UpdateRequestValidatorInput) (*UpdateRequestValidatorOutput, error) {
	var out UpdateRequestValidatorOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		v, err := a.validator(*in.RequestValidatorId)
		if err != nil {
			return err
		}
		if err := replacing(in.PatchOperations); err != nil {
			return err
		}
		for i, op := range in.PatchOperations {
			in.PatchOperations[i].Value = orElse(op.Value, "") // a flag without a value is unset
			if strings.HasPrefix(wire.Value(op.Path), "/validateRequest") && wire.Value(op.Value) == "" {
				in.PatchOperations[i].Value = new("false")
			}
		}
		if err := apply(v, in.PatchOperations, "name", "validateRequestParameters", "validateRequestBody"); err != nil {
			return err
		}
		if wire.Value(v.Name) == "" {
			return bad("Request Validator name cannot be blank")
		}
		out = UpdateRequestValidatorOutput(*v)
		return nil
	})
	return &out, err
}

// DeleteRequestValidator implements [API].
func (s *Service) DeleteRequestValidator(ctx context.Context, in *DeleteRequestValidatorInput) (*DeleteRequestValidatorOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		if _, err := a.validator(*in.RequestValidatorId); err != nil {
			return err
		}
		for _, r := range a.Resources {
			for verb, m := range r.ResourceMethods {
				if wire.Value(m.RequestValidatorId) == *in.RequestValidatorId {
					return conflict("Cannot delete request validator '%s', is referenced in method: %s %s", *in.RequestValidatorId, *r.Path, verb)
				}
			}
		}
		delete(a.Validators, *in.RequestValidatorId)
		return nil
	})
}

// CheckAuthorizer says what is wrong with an authorizer.
func CheckAuthorizer(a *Authorizer) error {
	switch *a.Type {
	case AuthorizerTypeToken, AuthorizerTypeRequest:
		if wire.Value(a.AuthorizerUri) == "" {
			return bad("Authorizer URI must be set for a %s authorizer", *a.Type)
		}
		if !integrationURI.MatchString(*a.AuthorizerUri) {
			return bad("Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", *a.AuthorizerUri)
		}
		if *a.Type == AuthorizerTypeToken && !strings.HasPrefix(wire.Value(a.IdentitySource), "method.request.header.") {
			return bad("Identity source of a TOKEN authorizer must be a header: method.request.header.NAME")
		}
	case AuthorizerTypeCognitoUserPools:
		if len(a.ProviderARNs) == 0 {
			return bad("Provider ARNs must be set for a COGNITO_USER_POOLS authorizer")
		}
	default:
		return bad("%s authorizers are not implemented by Signalbox.", *a.Type)
	}
	if n := a.AuthorizerResultTtlInSeconds; n != nil && (*n < 0 || *n > 3600) {
		return bad("Authorizer result TTL must be between 0 and 3600 seconds")
	}
	return nil
}

// CreateAuthorizer implements [API].
func (s *Service) CreateAuthorizer(ctx context.Context, in *CreateAuthorizerInput) (*CreateAuthorizerOutput, error) {
	v := &Authorizer{
		Id: new(kept.NewID(6)), Name: in.Name, Type: in.Type, ProviderARNs: in.ProviderARNs, AuthorizerUri: in.AuthorizerUri,
		AuthType: orElse(in.AuthType, "custom"), AuthorizerCredentials: in.AuthorizerCredentials, IdentitySource: in.IdentitySource,
		IdentityValidationExpression: in.IdentityValidationExpression, AuthorizerResultTtlInSeconds: orElse(in.AuthorizerResultTtlInSeconds, 300),
	}
	if err := CheckAuthorizer(v); err != nil {
		return nil, err
	}
	return (*CreateAuthorizerOutput)(v), s.change(ctx, *in.RestApiId, func(a *api) error {
		a.Authorizers[*v.Id] = v
		return nil
	})
}

func (d *Definition) authorizer(id string) (*Authorizer, error) {
	if v := d.Authorizers[id]; v != nil {
		return v, nil
	}
	return nil, notFound("Invalid Authorizer identifier specified")
}

// GetAuthorizer implements [API].
func (s *Service) GetAuthorizer(ctx context.Context, in *GetAuthorizerInput) (*GetAuthorizerOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	v, err := a.authorizer(*in.AuthorizerId)
	return (*GetAuthorizerOutput)(v), err
}

// GetAuthorizers implements [API].
func (s *Service) GetAuthorizers(ctx context.Context, in *GetAuthorizersInput) (*GetAuthorizersOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(kept.Values(a.Authorizers), func(v Authorizer) string { return *v.Id }, in.Limit, in.Position)
	return &GetAuthorizersOutput{Items: rows, Position: next}, err
}

// UpdateAuthorizer implements [API].
func (s *Service) UpdateAuthorizer(ctx context.Context, in *UpdateAuthorizerInput) (*UpdateAuthorizerOutput, error) {
	var out UpdateAuthorizerOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		v, err := a.authorizer(*in.AuthorizerId)
		if err != nil {
			return err
		}
		err = apply(v, in.PatchOperations, "name", "type", "providerARNs", "authType", "authorizerUri", "authorizerCredentials",
			"identitySource", "identityValidationExpression", "authorizerResultTtlInSeconds")
		if err != nil {
			return err
		}
		out = UpdateAuthorizerOutput(*v)
		return CheckAuthorizer(v)
	})
	return &out, err
}

// DeleteAuthorizer implements [API].
func (s *Service) DeleteAuthorizer(ctx context.Context, in *DeleteAuthorizerInput) (*DeleteAuthorizerOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		if _, err := a.authorizer(*in.AuthorizerId); err != nil {
			return err
		}
		for _, r := range a.Resources {
			for verb, m := range r.ResourceMethods {
				if wire.Value(m.AuthorizerId) == *in.AuthorizerId {
					return conflict("Cannot delete authorizer '%s', is referenced in method: %s %s", *in.AuthorizerId, *r.Path, verb)
				}
			}
		}
		delete(a.Authorizers, *in.AuthorizerId)
		return nil
	})
}

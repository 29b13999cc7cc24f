package apigateway

import (
	"context"
	"strings"
)

// GatewayError is what API Gateway answers by itself: its status, the text of
// $context.error.message and the error's name in x-amzn-ErrorType (page
// supported-gateway-response-types).
type GatewayError struct {
	Status  int
	Message string
	Type    string
}

// GatewayErrors are the answers that API Gateway gives by itself, by their type
// of gateway response.
var GatewayErrors = map[string]GatewayError{
	"ACCESS_DENIED":                  {403, "User is not authorized to access this resource", "AccessDeniedException"},
	"API_CONFIGURATION_ERROR":        {500, "Internal server error", "InternalServerErrorException"},
	"AUTHORIZER_CONFIGURATION_ERROR": {500, "Internal server error", "InternalServerErrorException"},
	"AUTHORIZER_FAILURE":             {500, "Internal server error", "InternalServerErrorException"},
	"BAD_REQUEST_BODY":               {400, "Invalid request body", "BadRequestException"},
	"BAD_REQUEST_PARAMETERS":         {400, "Invalid request parameters", "BadRequestException"},
	"EXPIRED_TOKEN":                  {403, "The security token included in the request is expired", "ExpiredTokenException"},
	"INTEGRATION_FAILURE":            {504, "Internal server error", "InternalServerErrorException"},
	"INTEGRATION_TIMEOUT":            {504, "Endpoint request timed out", "InternalServerErrorException"},
	"INVALID_API_KEY":                {403, "Forbidden", "ForbiddenException"},
	"INVALID_SIGNATURE":              {403, "The request signature we calculated does not match the signature you provided.", "InvalidSignatureException"},
	"MISSING_AUTHENTICATION_TOKEN":   {403, "Missing Authentication Token", "MissingAuthenticationTokenException"},
	"QUOTA_EXCEEDED":                 {429, "Limit Exceeded", "LimitExceededException"},
	"REQUEST_TOO_LARGE":              {413, "Request Too Long", "RequestTooLongException"},
	"RESOURCE_NOT_FOUND":             {404, "Not found", "NotFoundException"},
	"THROTTLED":                      {429, "Too Many Requests", "TooManyRequestsException"},
	"UNAUTHORIZED":                   {401, "Unauthorized", "UnauthorizedException"},
	"UNSUPPORTED_MEDIA_TYPE":         {415, "Unsupported Media Type", "BadRequestException"},
	"WAF_FILTERED":                   {403, "Forbidden", "ForbiddenException"},
	"DEFAULT_4XX":                    {},
	"DEFAULT_5XX":                    {},
}

// defaultTemplate is the body of gateway responses that have none of their own.
const defaultTemplate = `{"message":$context.error.messageString}`

// Response is the gateway response of a type: the API's own, else that of its
// class, else AWS's.
func (d *Definition) Response(kind string) GatewayResponse {
	standard := GatewayResponse{ResponseType: &kind, ResponseParameters: map[string]string{}, ResponseTemplates: map[string]string{"application/json": defaultTemplate}, DefaultResponse: true}
	if e := GatewayErrors[kind]; e.Status != 0 {
		standard.StatusCode = new(itoa(e.Status))
	}
	if r := d.GatewayResponses[kind]; r != nil {
		return complete(*r, standard)
	}
	if strings.HasPrefix(kind, "DEFAULT_") {
		return standard
	}
	class := "DEFAULT_4XX"
	if GatewayErrors[kind].Status >= 500 {
		class = "DEFAULT_5XX"
	}
	if r := d.GatewayResponses[class]; r != nil {
		out := complete(*r, standard)
		out.ResponseType = &kind
		return out
	}
	return standard
}

// complete adds to a response of an API's own what it leaves to AWS.
func complete(r, standard GatewayResponse) GatewayResponse {
	if r.StatusCode == nil {
		r.StatusCode = standard.StatusCode
	}
	if len(r.ResponseTemplates) == 0 {
		r.ResponseTemplates = standard.ResponseTemplates
	}
	return r
}

func checkGatewayResponse(r *GatewayResponse) error {
	if _, known := GatewayErrors[*r.ResponseType]; !known {
		return bad("Invalid gateway response type specified: %s", *r.ResponseType)
	}
	for name, value := range r.ResponseParameters {
		if !strings.HasPrefix(name, "gatewayresponse.header.") && !strings.HasPrefix(name, "gatewayresponse.path.") && !strings.HasPrefix(name, "gatewayresponse.querystring.") {
			return bad("Invalid gateway response parameter specified: %s", name)
		}
		if !validMapping(value) {
			return invalidMapping(value)
		}
	}
	return checkTemplates(r.ResponseTemplates)
}

// PutGatewayResponse implements [API].
func (s *Service) PutGatewayResponse(ctx context.Context, in *PutGatewayResponseInput) (*PutGatewayResponseOutput, error) {
	r := &GatewayResponse{ResponseType: in.ResponseType, StatusCode: in.StatusCode, ResponseParameters: in.ResponseParameters, ResponseTemplates: in.ResponseTemplates}
	if err := checkGatewayResponse(r); err != nil {
		return nil, err
	}
	return (*PutGatewayResponseOutput)(r), s.change(ctx, *in.RestApiId, func(a *api) error {
		a.GatewayResponses[*r.ResponseType] = r
		return nil
	})
}

// GetGatewayResponse implements [API].
func (s *Service) GetGatewayResponse(ctx context.Context, in *GetGatewayResponseInput) (*GetGatewayResponseOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	if r := a.GatewayResponses[*in.ResponseType]; r != nil {
		return (*GetGatewayResponseOutput)(r), nil
	}
	out := GetGatewayResponseOutput(a.Response(*in.ResponseType))
	return &out, nil
}

// GetGatewayResponses implements [API].
func (s *Service) GetGatewayResponses(ctx context.Context, in *GetGatewayResponsesInput) (*GetGatewayResponsesOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	var all []GatewayResponse
	for kind := range GatewayErrors {
		all = append(all, a.Response(kind))
	}
	rows, next, err := page(all, func(r GatewayResponse) string { return *r.ResponseType }, orElse(in.Limit, 500), in.Position)
	return &GetGatewayResponsesOutput{Items: rows, Position: next}, err
}

// UpdateGatewayResponse implements [API].
func (s *Service) UpdateGatewayResponse(ctx context.Context, in *UpdateGatewayResponseInput) (*UpdateGatewayResponseOutput, error) {
	var out UpdateGatewayResponseOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		r := a.GatewayResponses[*in.ResponseType]
		if r == nil {
			r = &GatewayResponse{ResponseType: in.ResponseType}
			a.GatewayResponses[*in.ResponseType] = r
		}
		if err := apply(r, in.PatchOperations, "statusCode", "responseParameters", "responseTemplates"); err != nil {
			return err
		}
		out = UpdateGatewayResponseOutput(*r)
		return checkGatewayResponse(r)
	})
	return &out, err
}

// DeleteGatewayResponse implements [API].
func (s *Service) DeleteGatewayResponse(ctx context.Context, in *DeleteGatewayResponseInput) (*DeleteGatewayResponseOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		if a.GatewayResponses[*in.ResponseType] == nil {
			return notFound("Invalid gateway response type specified: %s", *in.ResponseType)
		}
		delete(a.GatewayResponses, *in.ResponseType)
		return nil
	})
}

package apigateway

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/services/apigateway/refusal"
)

// defaultTemplate is the body of gateway responses that have none of their own.
const defaultTemplate = `{"message":$context.error.messageString}`

// Response is the gateway response of a type: the API's own, else that of its
// class, else AWS's.
func (d *Definition) Response(kind string) GatewayResponse {
	standard := GatewayResponse{ResponseType: &kind, ResponseParameters: map[string]string{}, ResponseTemplates: map[string]string{"application/json": defaultTemplate}, DefaultResponse: true}
	if e := refusal.Kinds[kind]; e.Status != 0 {
		standard.StatusCode = new(itoa(e.Status))
	}
	if r := d.GatewayResponses[kind]; r != nil {
		return complete(*r, standard)
	}
	if strings.HasPrefix(kind, "DEFAULT_") {
		return standard
	}
	class := "DEFAULT_4XX"
	if refusal.Kinds[kind].Status >= 500 {
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

// CheckGatewayResponse says what is wrong with a gateway response.
func CheckGatewayResponse(r *GatewayResponse) error {
	if _, known := refusal.Kinds[*r.ResponseType]; !known {
		return bad("Invalid gateway response type specified: %s", *r.ResponseType)
	}
	for name, value := range r.ResponseParameters {
		if !strings.HasPrefix(name, "gatewayresponse.header.") && !strings.HasPrefix(name, "gatewayresponse.path.") && !strings.HasPrefix(name, "gatewayresponse.querystring.") {
			return bad("Invalid gateway response parameter specified: %s", name)
		}
		if !mapping.Valid(value) {
			return invalidMapping(value)
		}
	}
	return checkTemplates(r.ResponseTemplates)
}

// PutGatewayResponse implements [API].
func (s *Service) PutGatewayResponse(ctx context.Context, in *PutGatewayResponseInput) (*PutGatewayResponseOutput, error) {
	r := &GatewayResponse{ResponseType: in.ResponseType, StatusCode: in.StatusCode, ResponseParameters: in.ResponseParameters, ResponseTemplates: in.ResponseTemplates}
	if err := CheckGatewayResponse(r); err != nil {
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
	for kind := range refusal.Kinds {
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
		return CheckGatewayResponse(r)
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

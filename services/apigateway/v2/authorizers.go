package apigatewayv2

import (
	"context"
	"maps"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

func checkAuthorizer(v *Authorizer) error {
	if *v.AuthorizerType == AuthorizerTypeJwt {
		if v.JwtConfiguration == nil || wire.Value(v.JwtConfiguration.Issuer) == "" || len(v.JwtConfiguration.Audience) == 0 {
			return bad("A JWT authorizer needs jwtConfiguration with issuer and audience")
		}
		if len(v.IdentitySource) != 1 || !strings.HasPrefix(v.IdentitySource[0], "$request.") {
			return bad("A JWT authorizer has one identity source, such as $request.header.Authorization")
		}
		return nil
	}
	if !strings.Contains(wire.Value(v.AuthorizerUri), ":lambda:") {
		return bad("Invalid authorizer URI specified: %s", wire.Value(v.AuthorizerUri))
	}
	switch wire.Value(v.AuthorizerPayloadFormatVersion) {
	case "1.0":
		if v.EnableSimpleResponses {
			return bad("Simple responses are of payload format version 2.0")
		}
	case "2.0":
	default:
		return bad("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer: 1.0 or 2.0")
	}
	return nil
}

// CreateAuthorizer implements [API].
func (s *Service) CreateAuthorizer(ctx context.Context, in *CreateAuthorizerInput) (*CreateAuthorizerOutput, error) {
	v := &Authorizer{AuthorizerId: new(kept.NewID(6))}
	merge(v, in)
	if err := checkAuthorizer(v); err != nil {
		return nil, err
	}
	return (*CreateAuthorizerOutput)(v), s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		a.Definition.Authorizers[*v.AuthorizerId] = v
		return nil
	})
}

func (d *Definition) authorizer(id string) (*Authorizer, error) {
	if v := d.Authorizers[id]; v != nil {
		return v, nil
	}
	return nil, notFound("Authorizer", id)
}

// GetAuthorizer implements [API].
func (s *Service) GetAuthorizer(ctx context.Context, in *GetAuthorizerInput) (*GetAuthorizerOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	v, err := a.Definition.authorizer(*in.AuthorizerId)
	return (*GetAuthorizerOutput)(v), err
}

// GetAuthorizers implements [API].
func (s *Service) GetAuthorizers(ctx context.Context, in *GetAuthorizersInput) (*GetAuthorizersOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(a.Definition.Authorizers, in.MaxResults, in.NextToken)
	return &GetAuthorizersOutput{Items: rows, NextToken: next}, err
}

// UpdateAuthorizer implements [API].
func (s *Service) UpdateAuthorizer(ctx context.Context, in *UpdateAuthorizerInput) (*UpdateAuthorizerOutput, error) {
	var out UpdateAuthorizerOutput
	err := s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		v, err := a.Definition.authorizer(*in.AuthorizerId)
		if err != nil {
			return err
		}
		merge(v, in)
		out = UpdateAuthorizerOutput(*v)
		return checkAuthorizer(v)
	})
	return &out, err
}

// DeleteAuthorizer implements [API].
func (s *Service) DeleteAuthorizer(ctx context.Context, in *DeleteAuthorizerInput) (*DeleteAuthorizerOutput, error) {
	return nil, s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		if _, err := a.Definition.authorizer(*in.AuthorizerId); err != nil {
			return err
		}
		for _, r := range a.Definition.Routes {
			if wire.Value(r.AuthorizerId) == *in.AuthorizerId {
				return conflict("Cannot delete authorizer '%s', is referenced in route: %s", *in.AuthorizerId, *r.RouteKey)
			}
		}
		delete(a.Definition.Authorizers, *in.AuthorizerId)
		return nil
	})
}

// tagged finds the tags of what an ARN names: an API or one of its stages
// (arn:aws:apigateway:REGION::/apis/ID/stages/NAME).
func (a *api) tagged(p []string) (*map[string]string, error) {
	if len(p) == 2 {
		return &a.Api.Tags, nil
	}
	st, err := a.stage(&p[3])
	if err != nil {
		return nil, err
	}
	return &st.Tags, nil
}

func tagPath(text string) ([]string, error) {
	a, err := arn.Parse(text)
	p := strings.Split(strings.TrimPrefix(a.Resource, "/"), "/")
	if err != nil || a.Service != "apigateway" || p[0] != "apis" || len(p) != 2 && (len(p) != 4 || p[2] != "stages") {
		return nil, bad("Invalid resource ARN specified: %s", text)
	}
	return p, nil
}

func (s *Service) retag(ctx context.Context, text string, change func(map[string]string)) error {
	p, err := tagPath(text)
	if err != nil {
		return err
	}
	return s.change(ctx, &p[1], func(a *api) error {
		tags, err := a.tagged(p)
		if err != nil {
			return err
		}
		if *tags == nil {
			*tags = map[string]string{}
		}
		change(*tags)
		if len(*tags) > 50 {
			return bad("A resource can have at most 50 tags")
		}
		return nil
	})
}

// TagResource implements [API].
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return nil, s.retag(ctx, *in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}

// UntagResource implements [API].
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return nil, s.retag(ctx, *in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
}

// GetTags implements [API].
func (s *Service) GetTags(ctx context.Context, in *GetTagsInput) (*GetTagsOutput, error) {
	p, err := tagPath(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	a, err := s.find(ctx, &p[1])
	if err != nil {
		return nil, err
	}
	tags, err := a.tagged(p)
	if err != nil {
		return nil, err
	}
	return &GetTagsOutput{Tags: *tags}, nil
}

package iam

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of an OpenID Connect provider (IAM quotas).
const (
	maxClients     = 100
	maxThumbprints = 5
)

// provider is an OpenID Connect provider. Its document is kept under its ARN.
type provider struct {
	Account     string
	URL         string // without its scheme
	Clients     []string
	Thumbprints []string
	Created     time.Time
	Tags        map[string]string `json:",omitzero"`
}

func (p *provider) arn() string { return nameARN(p.Account, "oidc-provider/"+p.URL) }

func (s *Service) provider(ctx context.Context, arn string) (*provider, error) {
	if p := s.providers.Get(arn); p != nil && p.Account == account(ctx) {
		return p, nil
	}
	return nil, noEntity("OpenIDConnect Provider not found for arn %s", arn)
}

func (s *Service) changeProvider(ctx context.Context, arn string, change func(*provider) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.provider(ctx, arn)
	if err != nil {
		return err
	}
	p := *old
	if err := change(&p); err != nil {
		return err
	}
	return s.providers.Put(ctx, p.arn(), &p)
}

// CreateOpenIDConnectProvider implements [API].
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, in *CreateOpenIDConnectProviderInput) (*CreateOpenIDConnectProviderOutput, error) {
	u, err := url.Parse(*in.Url)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "":
		return nil, invalid("Invalid Open ID Connect Provider URL")
	case len(in.ClientIDList) > maxClients:
		return nil, exceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
	case len(in.ThumbprintList) > maxThumbprints:
		return nil, invalidInput("Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	p := &provider{
		Account: account(ctx), URL: strings.TrimPrefix(*in.Url, "https://"), Clients: in.ClientIDList, Thumbprints: in.ThumbprintList,
		Created: s.now(), Tags: tags,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.providers.Get(p.arn()) != nil {
		return nil, exists("Provider with url %s already exists.", *in.Url)
	}
	return &CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: new(p.arn()), Tags: someTags(p.Tags)}, s.providers.Put(ctx, p.arn(), p)
}

// GetOpenIDConnectProvider implements [API].
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, in *GetOpenIDConnectProviderInput) (*GetOpenIDConnectProviderOutput, error) {
	p, err := s.provider(ctx, *in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &GetOpenIDConnectProviderOutput{
		Url: new(p.URL), ClientIDList: p.Clients, ThumbprintList: p.Thumbprints, CreateDate: at(p.Created), Tags: someTags(p.Tags),
	}, nil
}

// ListOpenIDConnectProviders implements [API].
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, _ *ListOpenIDConnectProvidersInput) (*ListOpenIDConnectProvidersOutput, error) {
	out := &ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []OpenIDConnectProviderListEntry{}}
	for _, p := range s.providers.List(nameARN(account(ctx), "oidc-provider/")) {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, OpenIDConnectProviderListEntry{Arn: new(p.arn())})
	}
	return out, nil
}

// DeleteOpenIDConnectProvider implements [API]: one that is not there is no error.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, in *DeleteOpenIDConnectProviderInput) (*DeleteOpenIDConnectProviderOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.provider(ctx, *in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return nil, s.providers.Delete(ctx, p.arn())
}

// UpdateOpenIDConnectProviderThumbprint implements [API].
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *UpdateOpenIDConnectProviderThumbprintInput) (*UpdateOpenIDConnectProviderThumbprintOutput, error) {
	return nil, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(p *provider) error {
		if len(in.ThumbprintList) > maxThumbprints {
			return invalidInput("Thumbprint list must contain fewer than %d entries.", maxThumbprints)
		}
		p.Thumbprints = in.ThumbprintList
		return nil
	})
}

// AddClientIDToOpenIDConnectProvider implements [API].
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *AddClientIDToOpenIDConnectProviderInput) (*AddClientIDToOpenIDConnectProviderOutput, error) {
	return nil, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(p *provider) error {
		if slices.Contains(p.Clients, *in.ClientID) {
			return nil
		}
		if len(p.Clients) >= maxClients {
			return exceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
		}
		p.Clients = append(slices.Clone(p.Clients), *in.ClientID)
		return nil
	})
}

// RemoveClientIDFromOpenIDConnectProvider implements [API].
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *RemoveClientIDFromOpenIDConnectProviderInput) (*RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	return nil, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(p *provider) error {
		p.Clients = slices.DeleteFunc(slices.Clone(p.Clients), func(c string) bool { return c == *in.ClientID })
		return nil
	})
}

// TagOpenIDConnectProvider implements [API].
func (s *Service) TagOpenIDConnectProvider(ctx context.Context, in *TagOpenIDConnectProviderInput) (*TagOpenIDConnectProviderOutput, error) {
	return nil, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(p *provider) (err error) { p.Tags, err = withTags(p.Tags, in.Tags); return })
}

// UntagOpenIDConnectProvider implements [API].
func (s *Service) UntagOpenIDConnectProvider(ctx context.Context, in *UntagOpenIDConnectProviderInput) (*UntagOpenIDConnectProviderOutput, error) {
	return nil, s.changeProvider(ctx, *in.OpenIDConnectProviderArn, func(p *provider) error { p.Tags = withoutTags(p.Tags, in.TagKeys); return nil })
}

// ListOpenIDConnectProviderTags implements [API].
func (s *Service) ListOpenIDConnectProviderTags(ctx context.Context, in *ListOpenIDConnectProviderTagsInput) (*ListOpenIDConnectProviderTagsOutput, error) {
	p, err := s.provider(ctx, *in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := tagPage(p.Tags, in.MaxItems, in.Marker)
	return &ListOpenIDConnectProviderTagsOutput{Tags: rows, IsTruncated: truncated, Marker: next}, err
}

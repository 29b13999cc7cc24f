package apidestination

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// credentials are all that a connection authorizes with, secrets among them.
// They are kept sealed and leave the package only in requests to the endpoint.
type credentials = api.CreateConnectionAuthRequestParameters

// connection is a connection as it is kept.
type connection struct {
	wire.Scope
	Name        string
	UUID        string
	Description *string
	Type        string // of the authorization
	KMSKey      *string
	State       string
	Sealed      []byte // credentials; nil once deauthorized
	Version     int    // counts changes of the credentials: tokens belong to one version
	Created     time.Time
	Modified    time.Time
	Authorized  time.Time
}

func (c *connection) key() string { return c.Scope.Key(c.Name) }

func (c *connection) arn() string { return c.Scope.ARN("events", "connection/"+c.Name+"/"+c.UUID) }

// secretARN names the secret as EventBridge names the one that it keeps in
// Secrets Manager.
func (c *connection) secretARN() string {
	return arn.New("secretsmanager", c.Region, c.Account, "secret:events!connection/"+c.Name+"/"+c.UUID+"-"+c.UUID[:6]).String()
}

// seal keeps the credentials; they open only for the connection they belong to.
func (s *Destinations) seal(c *connection, auth *credentials) error {
	text, err := json.Marshal(onlyOf(c.Type, auth))
	if err != nil {
		return fmt.Errorf("sealing the credentials of %s: %w", c.arn(), err)
	}
	c.Sealed = s.config.Box.Seal(text, []byte(c.arn()))
	c.Version++
	c.State = api.ConnectionStateAuthorized
	c.Authorized = s.config.Clock.Now()
	return nil
}

// onlyOf leaves out of credentials what another type of authorization needs.
func onlyOf(kind string, auth *credentials) *credentials {
	out := *auth
	if kind != api.ConnectionAuthorizationTypeBasic {
		out.BasicAuthParameters = nil
	}
	if kind != api.ConnectionAuthorizationTypeApiKey {
		out.ApiKeyAuthParameters = nil
	}
	if kind != api.ConnectionAuthorizationTypeOauthClientCredentials {
		out.OAuthParameters = nil
	}
	return &out
}

// unseal returns the credentials, empty ones where the connection is deauthorized.
func (s *Destinations) unseal(c *connection) (*credentials, error) {
	auth := new(credentials)
	if c.Sealed == nil {
		return auth, nil
	}
	text, err := s.config.Box.Open(c.Sealed, []byte(c.arn()))
	if err == nil {
		err = json.Unmarshal(text, auth)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the credentials of %s: %w", c.arn(), err)
	}
	return auth, nil
}

// checkCredentials refuses credentials that lack what the type needs.
func checkCredentials(kind string, auth *credentials) error {
	type member struct {
		name  string
		value *string
	}
	var need []member
	switch kind {
	case api.ConnectionAuthorizationTypeBasic:
		p := wire.Value(auth.BasicAuthParameters)
		need = []member{{"BasicAuthParameters.Username", p.Username}, {"BasicAuthParameters.Password", p.Password}}
	case api.ConnectionAuthorizationTypeApiKey:
		p := wire.Value(auth.ApiKeyAuthParameters)
		need = []member{{"ApiKeyAuthParameters.ApiKeyName", p.ApiKeyName}, {"ApiKeyAuthParameters.ApiKeyValue", p.ApiKeyValue}}
	case api.ConnectionAuthorizationTypeOauthClientCredentials:
		p := wire.Value(auth.OAuthParameters)
		client := wire.Value(p.ClientParameters)
		need = []member{
			{"OAuthParameters.ClientParameters.ClientID", client.ClientID},
			{"OAuthParameters.ClientParameters.ClientSecret", client.ClientSecret},
			{"OAuthParameters.AuthorizationEndpoint", p.AuthorizationEndpoint},
			{"OAuthParameters.HttpMethod", p.HttpMethod},
		}
	}
	for _, m := range need {
		if m.value == nil {
			return api.Invalid("Parameter AuthParameters.%s must be specified for authorization type %s.", m.name, kind)
		}
	}
	if p := auth.OAuthParameters; p != nil && p.AuthorizationEndpoint != nil {
		return checkEndpoint("AuthParameters.OAuthParameters.AuthorizationEndpoint", *p.AuthorizationEndpoint)
	}
	return nil
}

func (s *Destinations) connection(ctx context.Context, name string) (*connection, error) {
	if c := s.connections.Get(wire.ScopeOf(ctx).Key(name)); c != nil {
		return c, nil
	}
	return nil, api.NotFound("Failed to describe the connection(s). Connection '%s' does not exist.", name)
}

// connectionByARN is the connection that an API destination names.
func (s *Destinations) connectionByARN(text string) (*connection, error) {
	if a, err := arn.Parse(text); err == nil {
		for _, c := range s.connections.List(wire.ScopeOfARN(a).Key()) {
			if c.arn() == text {
				return c, nil
			}
		}
	}
	return nil, api.NotFound("Connection '%s' does not exist.", text)
}

// changeConnection puts the changed copy of a connection.
func (s *Destinations) changeConnection(ctx context.Context, name string, change func(*connection) error) (*connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.connection(ctx, name)
	if err != nil {
		return nil, err
	}
	c := *old
	if err := change(&c); err != nil {
		return nil, err
	}
	c.Modified = s.config.Clock.Now()
	return &c, s.connections.Put(ctx, c.key(), &c)
}

// CreateConnection implements [api.API]. The connection is authorized at once; the
// token of OAUTH_CLIENT_CREDENTIALS is fetched when it is first needed.
func (s *Destinations) CreateConnection(ctx context.Context, in *api.CreateConnectionInput) (*api.CreateConnectionOutput, error) {
	if err := checkCredentials(*in.AuthorizationType, in.AuthParameters); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Clock.Now()
	c := &connection{
		Scope: wire.ScopeOf(ctx), Name: *in.Name, UUID: uuid.NewString(), Description: in.Description,
		Type: *in.AuthorizationType, KMSKey: in.KmsKeyIdentifier, Created: now, Modified: now,
	}
	if s.connections.Get(c.key()) != nil {
		return nil, api.Exists("Connection %s already exists.", c.Name)
	}
	if err := s.seal(c, in.AuthParameters); err != nil {
		return nil, err
	}
	if err := s.connections.Put(ctx, c.key(), c); err != nil {
		return nil, err
	}
	return &api.CreateConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(c.State), CreationTime: api.Stamp(c.Created), LastModifiedTime: api.Stamp(c.Modified),
	}, nil
}

// UpdateConnection implements [api.API]. Members that are absent stay as they are.
func (s *Destinations) UpdateConnection(ctx context.Context, in *api.UpdateConnectionInput) (*api.UpdateConnectionOutput, error) {
	c, err := s.changeConnection(ctx, *in.Name, func(c *connection) error {
		if in.Description != nil {
			c.Description = in.Description
		}
		if in.KmsKeyIdentifier != nil {
			c.KMSKey = in.KmsKeyIdentifier
		}
		if in.AuthorizationType == nil && in.AuthParameters == nil {
			return nil
		}
		auth, err := s.unseal(c)
		if err != nil {
			return err
		}
		if in.AuthorizationType != nil && *in.AuthorizationType != c.Type {
			c.Type = *in.AuthorizationType
			auth = &credentials{InvocationHttpParameters: auth.InvocationHttpParameters}
		}
		overlay(auth, in.AuthParameters)
		if err := checkCredentials(c.Type, auth); err != nil {
			return err
		}
		return s.seal(c, auth)
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(c.State), CreationTime: api.Stamp(c.Created),
		LastModifiedTime: api.Stamp(c.Modified), LastAuthorizedTime: api.Stamp(c.Authorized),
	}, nil
}

// overlay puts what an update brings over the credentials that there are.
func overlay(auth *credentials, update *api.UpdateConnectionAuthRequestParameters) {
	if update == nil {
		return
	}
	if u := update.BasicAuthParameters; u != nil {
		auth.BasicAuthParameters = &api.CreateConnectionBasicAuthRequestParameters{
			Username: api.Either(u.Username, wire.Value(auth.BasicAuthParameters).Username),
			Password: api.Either(u.Password, wire.Value(auth.BasicAuthParameters).Password),
		}
	}
	if u := update.ApiKeyAuthParameters; u != nil {
		auth.ApiKeyAuthParameters = &api.CreateConnectionApiKeyAuthRequestParameters{
			ApiKeyName:  api.Either(u.ApiKeyName, wire.Value(auth.ApiKeyAuthParameters).ApiKeyName),
			ApiKeyValue: api.Either(u.ApiKeyValue, wire.Value(auth.ApiKeyAuthParameters).ApiKeyValue),
		}
	}
	if u := update.OAuthParameters; u != nil {
		old := wire.Value(auth.OAuthParameters)
		client, change := wire.Value(old.ClientParameters), wire.Value(u.ClientParameters)
		auth.OAuthParameters = &api.CreateConnectionOAuthRequestParameters{
			ClientParameters: &api.CreateConnectionOAuthClientRequestParameters{
				ClientID:     api.Either(change.ClientID, client.ClientID),
				ClientSecret: api.Either(change.ClientSecret, client.ClientSecret),
			},
			AuthorizationEndpoint: api.Either(u.AuthorizationEndpoint, old.AuthorizationEndpoint),
			HttpMethod:            api.Either(u.HttpMethod, old.HttpMethod),
			OAuthHttpParameters:   api.Either(u.OAuthHttpParameters, old.OAuthHttpParameters),
		}
	}
	auth.InvocationHttpParameters = api.Either(update.InvocationHttpParameters, auth.InvocationHttpParameters)
}

// DeauthorizeConnection implements [api.API]: it forgets the credentials.
func (s *Destinations) DeauthorizeConnection(ctx context.Context, in *api.DeauthorizeConnectionInput) (*api.DeauthorizeConnectionOutput, error) {
	c, err := s.changeConnection(ctx, *in.Name, func(c *connection) error {
		c.State, c.Sealed = api.ConnectionStateDeauthorized, nil
		c.Version++
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeauthorizeConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(c.State), CreationTime: api.Stamp(c.Created),
		LastModifiedTime: api.Stamp(c.Modified), LastAuthorizedTime: api.Stamp(c.Authorized),
	}, nil
}

// DeleteConnection implements [api.API]. API destinations that use it fail from
// then on.
func (s *Destinations) DeleteConnection(ctx context.Context, in *api.DeleteConnectionInput) (*api.DeleteConnectionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.connection(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.connections.Delete(ctx, c.key()); err != nil {
		return nil, err
	}
	s.outbound.tokens.drop(c)
	return &api.DeleteConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(api.ConnectionStateDeleting), CreationTime: api.Stamp(c.Created),
		LastModifiedTime: api.Stamp(c.Modified), LastAuthorizedTime: api.Stamp(c.Authorized),
	}, nil
}

// DescribeConnection implements [api.API]. Secrets are left out.
func (s *Destinations) DescribeConnection(ctx context.Context, in *api.DescribeConnectionInput) (*api.DescribeConnectionOutput, error) {
	c, err := s.connection(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	auth, err := s.unseal(c)
	if err != nil {
		return nil, err
	}
	return &api.DescribeConnectionOutput{
		ConnectionArn: new(c.arn()), Name: new(c.Name), Description: c.Description, ConnectionState: new(c.State),
		AuthorizationType: new(c.Type), SecretArn: new(c.secretARN()), KmsKeyIdentifier: c.KMSKey, AuthParameters: public(auth),
		CreationTime: api.Stamp(c.Created), LastModifiedTime: api.Stamp(c.Modified), LastAuthorizedTime: api.Stamp(c.Authorized),
	}, nil
}

// public is what may be told of credentials.
func public(auth *credentials) *api.ConnectionAuthResponseParameters {
	out := &api.ConnectionAuthResponseParameters{InvocationHttpParameters: publicParameters(auth.InvocationHttpParameters)}
	if b := auth.BasicAuthParameters; b != nil {
		out.BasicAuthParameters = &api.ConnectionBasicAuthResponseParameters{Username: b.Username}
	}
	if k := auth.ApiKeyAuthParameters; k != nil {
		out.ApiKeyAuthParameters = &api.ConnectionApiKeyAuthResponseParameters{ApiKeyName: k.ApiKeyName}
	}
	if o := auth.OAuthParameters; o != nil {
		out.OAuthParameters = &api.ConnectionOAuthResponseParameters{
			ClientParameters:      &api.ConnectionOAuthClientResponseParameters{ClientID: wire.Value(o.ClientParameters).ClientID},
			AuthorizationEndpoint: o.AuthorizationEndpoint, HttpMethod: o.HttpMethod,
			OAuthHttpParameters: publicParameters(o.OAuthHttpParameters),
		}
	}
	return out
}

func publicParameters(p *api.ConnectionHttpParameters) *api.ConnectionHttpParameters {
	if p == nil {
		return nil
	}
	out := &api.ConnectionHttpParameters{
		HeaderParameters:      slices.Clone(p.HeaderParameters),
		QueryStringParameters: slices.Clone(p.QueryStringParameters),
		BodyParameters:        slices.Clone(p.BodyParameters),
	}
	hide := func(secret **bool, text **string) {
		*secret = new(wire.Value(*secret)) // AWS tells false where it was left out
		if **secret {
			*text = nil
		}
	}
	for i := range out.HeaderParameters {
		hide(&out.HeaderParameters[i].IsValueSecret, &out.HeaderParameters[i].Value)
	}
	for i := range out.QueryStringParameters {
		hide(&out.QueryStringParameters[i].IsValueSecret, &out.QueryStringParameters[i].Value)
	}
	for i := range out.BodyParameters {
		hide(&out.BodyParameters[i].IsValueSecret, &out.BodyParameters[i].Value)
	}
	return out
}

// ListConnections implements [api.API].
func (s *Destinations) ListConnections(ctx context.Context, in *api.ListConnectionsInput) (*api.ListConnectionsOutput, error) {
	all := s.connections.List(wire.ScopeOf(ctx).Key(wire.Value(in.NamePrefix)))
	if in.ConnectionState != nil {
		all = slices.DeleteFunc(all, func(c *connection) bool { return c.State != *in.ConnectionState })
	}
	rows, next, err := api.Page(all, func(c *connection) string { return c.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &api.ListConnectionsOutput{Connections: make([]api.Connection, len(rows)), NextToken: next}
	for i, c := range rows {
		out.Connections[i] = api.Connection{
			ConnectionArn: new(c.arn()), Name: new(c.Name), ConnectionState: new(c.State), AuthorizationType: new(c.Type),
			CreationTime: api.Stamp(c.Created), LastModifiedTime: api.Stamp(c.Modified), LastAuthorizedTime: api.Stamp(c.Authorized),
		}
	}
	return out, nil
}

package events

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// credentials are all that a connection authorizes with, secrets among them.
// They are kept sealed and leave the package only in requests to the endpoint.
type credentials = CreateConnectionAuthRequestParameters

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
func (s *Service) seal(c *connection, auth *credentials) error {
	text, err := json.Marshal(onlyOf(c.Type, auth))
	if err != nil {
		return fmt.Errorf("sealing the credentials of %s: %w", c.arn(), err)
	}
	c.Sealed = s.Box.Seal(text, []byte(c.arn()))
	c.Version++
	c.State = ConnectionStateAuthorized
	c.Authorized = s.Clock.Now()
	return nil
}

// onlyOf leaves out of credentials what another type of authorization needs.
func onlyOf(kind string, auth *credentials) *credentials {
	out := *auth
	if kind != ConnectionAuthorizationTypeBasic {
		out.BasicAuthParameters = nil
	}
	if kind != ConnectionAuthorizationTypeApiKey {
		out.ApiKeyAuthParameters = nil
	}
	if kind != ConnectionAuthorizationTypeOauthClientCredentials {
		out.OAuthParameters = nil
	}
	return &out
}

// unseal returns the credentials, empty ones where the connection is deauthorized.
func (s *Service) unseal(c *connection) (*credentials, error) {
	auth := new(credentials)
	if c.Sealed == nil {
		return auth, nil
	}
	text, err := s.Box.Open(c.Sealed, []byte(c.arn()))
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
	case ConnectionAuthorizationTypeBasic:
		p := wire.Value(auth.BasicAuthParameters)
		need = []member{{"BasicAuthParameters.Username", p.Username}, {"BasicAuthParameters.Password", p.Password}}
	case ConnectionAuthorizationTypeApiKey:
		p := wire.Value(auth.ApiKeyAuthParameters)
		need = []member{{"ApiKeyAuthParameters.ApiKeyName", p.ApiKeyName}, {"ApiKeyAuthParameters.ApiKeyValue", p.ApiKeyValue}}
	case ConnectionAuthorizationTypeOauthClientCredentials:
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
			return invalid("Parameter AuthParameters.%s must be specified for authorization type %s.", m.name, kind)
		}
	}
	if p := auth.OAuthParameters; p != nil && p.AuthorizationEndpoint != nil {
		return checkEndpoint("AuthParameters.OAuthParameters.AuthorizationEndpoint", *p.AuthorizationEndpoint)
	}
	return nil
}

func (s *Service) connection(ctx context.Context, name string) (*connection, error) {
	if c := s.connections.Get(wire.ScopeOf(ctx).Key(name)); c != nil {
		return c, nil
	}
	return nil, notFound("Failed to describe the connection(s). Connection '%s' does not exist.", name)
}

// connectionByARN is the connection that an API destination names.
func (s *Service) connectionByARN(text string) (*connection, error) {
	if a, err := arn.Parse(text); err == nil {
		for _, c := range s.connections.List(wire.ScopeOfARN(a).Key()) {
			if c.arn() == text {
				return c, nil
			}
		}
	}
	return nil, notFound("Connection '%s' does not exist.", text)
}

// changeConnection puts the changed copy of a connection.
func (s *Service) changeConnection(ctx context.Context, name string, change func(*connection) error) (*connection, error) {
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
	c.Modified = s.Clock.Now()
	return &c, s.connections.Put(ctx, c.key(), &c)
}

// CreateConnection implements [API]. The connection is authorized at once; the
// token of OAUTH_CLIENT_CREDENTIALS is fetched when it is first needed.
func (s *Service) CreateConnection(ctx context.Context, in *CreateConnectionInput) (*CreateConnectionOutput, error) {
	if err := checkCredentials(*in.AuthorizationType, in.AuthParameters); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Clock.Now()
	c := &connection{
		Scope: wire.ScopeOf(ctx), Name: *in.Name, UUID: uuid.NewString(), Description: in.Description,
		Type: *in.AuthorizationType, KMSKey: in.KmsKeyIdentifier, Created: now, Modified: now,
	}
	if s.connections.Get(c.key()) != nil {
		return nil, wire.Errorf(CodeResourceAlreadyExistsException, "Connection %s already exists.", c.Name)
	}
	if err := s.seal(c, in.AuthParameters); err != nil {
		return nil, err
	}
	if err := s.connections.Put(ctx, c.key(), c); err != nil {
		return nil, err
	}
	return &CreateConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(c.State), CreationTime: stamp(c.Created), LastModifiedTime: stamp(c.Modified),
	}, nil
}

// UpdateConnection implements [API]. Members that are absent stay as they are.
func (s *Service) UpdateConnection(ctx context.Context, in *UpdateConnectionInput) (*UpdateConnectionOutput, error) {
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
	return &UpdateConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(c.State), CreationTime: stamp(c.Created),
		LastModifiedTime: stamp(c.Modified), LastAuthorizedTime: stamp(c.Authorized),
	}, nil
}

// overlay puts what an update brings over the credentials that there are.
func overlay(auth *credentials, update *UpdateConnectionAuthRequestParameters) {
	if update == nil {
		return
	}
	if u := update.BasicAuthParameters; u != nil {
		auth.BasicAuthParameters = &CreateConnectionBasicAuthRequestParameters{
			Username: either(u.Username, wire.Value(auth.BasicAuthParameters).Username),
			Password: either(u.Password, wire.Value(auth.BasicAuthParameters).Password),
		}
	}
	if u := update.ApiKeyAuthParameters; u != nil {
		auth.ApiKeyAuthParameters = &CreateConnectionApiKeyAuthRequestParameters{
			ApiKeyName:  either(u.ApiKeyName, wire.Value(auth.ApiKeyAuthParameters).ApiKeyName),
			ApiKeyValue: either(u.ApiKeyValue, wire.Value(auth.ApiKeyAuthParameters).ApiKeyValue),
		}
	}
	if u := update.OAuthParameters; u != nil {
		old := wire.Value(auth.OAuthParameters)
		client, change := wire.Value(old.ClientParameters), wire.Value(u.ClientParameters)
		auth.OAuthParameters = &CreateConnectionOAuthRequestParameters{
			ClientParameters: &CreateConnectionOAuthClientRequestParameters{
				ClientID:     either(change.ClientID, client.ClientID),
				ClientSecret: either(change.ClientSecret, client.ClientSecret),
			},
			AuthorizationEndpoint: either(u.AuthorizationEndpoint, old.AuthorizationEndpoint),
			HttpMethod:            either(u.HttpMethod, old.HttpMethod),
			OAuthHttpParameters:   either(u.OAuthHttpParameters, old.OAuthHttpParameters),
		}
	}
	auth.InvocationHttpParameters = either(update.InvocationHttpParameters, auth.InvocationHttpParameters)
}

// either is a, or b where a is absent.
func either[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// DeauthorizeConnection implements [API]: it forgets the credentials.
func (s *Service) DeauthorizeConnection(ctx context.Context, in *DeauthorizeConnectionInput) (*DeauthorizeConnectionOutput, error) {
	c, err := s.changeConnection(ctx, *in.Name, func(c *connection) error {
		c.State, c.Sealed = ConnectionStateDeauthorized, nil
		c.Version++
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &DeauthorizeConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(c.State), CreationTime: stamp(c.Created),
		LastModifiedTime: stamp(c.Modified), LastAuthorizedTime: stamp(c.Authorized),
	}, nil
}

// DeleteConnection implements [API]. API destinations that use it fail from
// then on.
func (s *Service) DeleteConnection(ctx context.Context, in *DeleteConnectionInput) (*DeleteConnectionOutput, error) {
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
	return &DeleteConnectionOutput{
		ConnectionArn: new(c.arn()), ConnectionState: new(ConnectionStateDeleting), CreationTime: stamp(c.Created),
		LastModifiedTime: stamp(c.Modified), LastAuthorizedTime: stamp(c.Authorized),
	}, nil
}

// DescribeConnection implements [API]. Secrets are left out.
func (s *Service) DescribeConnection(ctx context.Context, in *DescribeConnectionInput) (*DescribeConnectionOutput, error) {
	c, err := s.connection(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	auth, err := s.unseal(c)
	if err != nil {
		return nil, err
	}
	return &DescribeConnectionOutput{
		ConnectionArn: new(c.arn()), Name: new(c.Name), Description: c.Description, ConnectionState: new(c.State),
		AuthorizationType: new(c.Type), SecretArn: new(c.secretARN()), KmsKeyIdentifier: c.KMSKey, AuthParameters: public(auth),
		CreationTime: stamp(c.Created), LastModifiedTime: stamp(c.Modified), LastAuthorizedTime: stamp(c.Authorized),
	}, nil
}

// public is what may be told of credentials.
func public(auth *credentials) *ConnectionAuthResponseParameters {
	out := &ConnectionAuthResponseParameters{InvocationHttpParameters: publicParameters(auth.InvocationHttpParameters)}
	if b := auth.BasicAuthParameters; b != nil {
		out.BasicAuthParameters = &ConnectionBasicAuthResponseParameters{Username: b.Username}
	}
	if k := auth.ApiKeyAuthParameters; k != nil {
		out.ApiKeyAuthParameters = &ConnectionApiKeyAuthResponseParameters{ApiKeyName: k.ApiKeyName}
	}
	if o := auth.OAuthParameters; o != nil {
		out.OAuthParameters = &ConnectionOAuthResponseParameters{
			ClientParameters:      &ConnectionOAuthClientResponseParameters{ClientID: wire.Value(o.ClientParameters).ClientID},
			AuthorizationEndpoint: o.AuthorizationEndpoint, HttpMethod: o.HttpMethod,
			OAuthHttpParameters: publicParameters(o.OAuthHttpParameters),
		}
	}
	return out
}

func publicParameters(p *ConnectionHttpParameters) *ConnectionHttpParameters {
	if p == nil {
		return nil
	}
	out := &ConnectionHttpParameters{
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

// ListConnections implements [API].
func (s *Service) ListConnections(ctx context.Context, in *ListConnectionsInput) (*ListConnectionsOutput, error) {
	all := s.connections.List(wire.ScopeOf(ctx).Key(wire.Value(in.NamePrefix)))
	if in.ConnectionState != nil {
		all = slices.DeleteFunc(all, func(c *connection) bool { return c.State != *in.ConnectionState })
	}
	rows, next, err := page(all, func(c *connection) string { return c.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListConnectionsOutput{Connections: make([]Connection, len(rows)), NextToken: next}
	for i, c := range rows {
		out.Connections[i] = Connection{
			ConnectionArn: new(c.arn()), Name: new(c.Name), ConnectionState: new(c.State), AuthorizationType: new(c.Type),
			CreationTime: stamp(c.Created), LastModifiedTime: stamp(c.Modified), LastAuthorizedTime: stamp(c.Authorized),
		}
	}
	return out, nil
}

package sts

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/wire"
)

// Issuer mints temporary credentials and knows them again when a request is
// signed with them.
type Issuer interface {
	// IssueSession returns credentials that stand for principalARN of account
	// until expires, in a session with policies and tags of its own where
	// session is not nil. Any error fails the request as an internal one.
	IssueSession(account, principalARN string, expires time.Time, session *wire.Session) (accessKeyID, secret, sessionToken string, err error)
}

// Identities knows the principals that sessions are of.
type Identities interface {
	// Identity tells the unique id of a role or a user, and how long a role's
	// sessions may last. The ARN may be a session's of the role.
	Identity(arn string) (id string, longest time.Duration, ok bool)
	// PolicyDocument is that of a managed policy, as the account sees it.
	PolicyDocument(account, policyARN string) (document string, ok bool)
}

// Service implements API.
type Service struct {
	clock  clock.Clock
	issuer Issuer

	// Identities knows roles and users. Where it is nil, or does not know one,
	// its unique id is made of its name, and a session may last as long as any.
	// Set it before serving.
	Identities Identities
	// AccountOf finds the account of an access key for GetAccessKeyInfo. When
	// nil only the caller's own key is known. Set it before serving.
	AccountOf func(accessKeyID string) (account string, ok bool)
}

// New returns the service; expiry is counted from c, credentials come from i.
func New(c clock.Clock, i Issuer) *Service { return &Service{clock: c, issuer: i} }

// Lifetimes of credentials where a request names none, in seconds (API
// reference, pages AssumeRole and GetSessionToken).
const (
	roleDefault    = 3600
	sessionDefault = 43200
	rootMost       = 3600 // GetSessionToken by the account itself
	chainMost      = 3600 // AssumeRole by an assumed role
	sessionIDChars = 17   // of the unique ids AROA…, AIDA…
)

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)

// GetCallerIdentity says on whose behalf the request was signed.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *GetCallerIdentityInput) (*GetCallerIdentityOutput, error) {
	r := wire.FromContext(ctx)
	principal := caller(r)
	return &GetCallerIdentityOutput{
		UserId: new(s.userID(principal, r.Account)), Account: new(r.Account), Arn: new(principal),
	}, nil
}

// AssumeRole gives credentials of a role's session. A role that assumes a role
// gets an hour at most.
func (s *Service) AssumeRole(ctx context.Context, in *AssumeRoleInput) (*AssumeRoleOutput, error) {
	if !roleARN.MatchString(*in.RoleArn) {
		return nil, wire.Errorf(wire.CodeQueryValidation, "%s is invalid", *in.RoleArn)
	}
	role, err := arn.Parse(*in.RoleArn)
	if err != nil {
		return nil, wire.Errorf(wire.CodeQueryValidation, "%s is invalid", *in.RoleArn)
	}
	seconds := int32(roleDefault)
	if in.DurationSeconds != nil {
		seconds = *in.DurationSeconds
	}
	name := role.Resource[strings.LastIndexByte(role.Resource, '/')+1:]
	id, longest, ok := s.identity(*in.RoleArn)
	switch {
	case !ok:
		id = roleID(role.Account, name)
	case time.Duration(seconds)*time.Second > longest:
		return nil, wire.Errorf(wire.CodeQueryValidation, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if seconds > chainMost && strings.Contains(caller(wire.FromContext(ctx)), ":assumed-role/") {
		return nil, wire.Errorf(wire.CodeQueryValidation, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	narrow, err := s.session(role.Account, in)
	if err != nil {
		return nil, err
	}
	session := arn.New("sts", "", role.Account, "assumed-role/"+name+"/"+*in.RoleSessionName)
	session.Partition = role.Partition
	credentials, err := s.credentials(role.Account, session.String(), seconds, narrow)
	if err != nil {
		return nil, err
	}
	return &AssumeRoleOutput{
		Credentials: credentials,
		AssumedRoleUser: &AssumedRoleUser{
			Arn: new(session.String()), AssumedRoleId: new(id + ":" + *in.RoleSessionName),
		},
		SourceIdentity: in.SourceIdentity, PackedPolicySize: packedSize(in),
	}, nil
}

// GetSessionToken gives the caller temporary credentials of its own; the
// account itself gets an hour at most.
func (s *Service) GetSessionToken(ctx context.Context, in *GetSessionTokenInput) (*GetSessionTokenOutput, error) {
	r := wire.FromContext(ctx)
	principal := caller(r)
	if strings.Contains(principal, ":assumed-role/") {
		return nil, wire.Errorf("AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	seconds := int32(sessionDefault)
	if in.DurationSeconds != nil {
		seconds = *in.DurationSeconds
	}
	if strings.HasSuffix(principal, ":root") {
		seconds = min(seconds, rootMost)
	}
	credentials, err := s.credentials(r.Account, principal, seconds, nil)
	if err != nil {
		return nil, err
	}
	return &GetSessionTokenOutput{Credentials: credentials}, nil
}

// GetAccessKeyInfo says which account an access key belongs to.
func (s *Service) GetAccessKeyInfo(ctx context.Context, in *GetAccessKeyInfoInput) (*GetAccessKeyInfoOutput, error) {
	if r := wire.FromContext(ctx); r.AccessKeyID == *in.AccessKeyId {
		return &GetAccessKeyInfoOutput{Account: new(r.Account)}, nil
	}
	if s.AccountOf != nil {
		if account, ok := s.AccountOf(*in.AccessKeyId); ok {
			return &GetAccessKeyInfoOutput{Account: &account}, nil
		}
	}
	return nil, wire.Errorf(wire.CodeQueryValidation, "Access key %s is not known here", *in.AccessKeyId)
}

func (s *Service) identity(arn string) (id string, longest time.Duration, ok bool) {
	if s.Identities == nil {
		return "", 0, false
	}
	return s.Identities.Identity(arn)
}

func (s *Service) credentials(account, principal string, seconds int32, session *wire.Session) (*Credentials, error) {
	expires := s.clock.Now().Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Second)
	key, secret, token, err := s.issuer.IssueSession(account, principal, expires, session)
	if err != nil {
		return nil, fmt.Errorf("issuing credentials for %s: %w", principal, err)
	}
	return &Credentials{
		AccessKeyId: &key, SecretAccessKey: &secret, SessionToken: &token, Expiration: new(wire.At(expires)),
	}, nil
}

// caller is the request's principal; a request that names none is the account's
// own.
func caller(r *wire.Request) string {
	if r.Principal != "" {
		return r.Principal
	}
	return arn.New("iam", "", r.Account, "root").String()
}

// userID is the caller's unique id: the account's own number for the account, a
// role's id and session name for a session, a user's id otherwise.
func (s *Service) userID(principal, account string) string {
	a, err := arn.Parse(principal)
	if err != nil || a.Resource == "root" {
		return account
	}
	id, _, ok := s.identity(principal)
	if !strings.HasPrefix(a.Resource, "assumed-role/") {
		if ok {
			return id
		}
		return uniqueID("AIDA", principal)
	}
	role, session, _ := strings.Cut(strings.TrimPrefix(a.Resource, "assumed-role/"), "/")
	if !ok {
		id = roleID(a.Account, role)
	}
	return id + ":" + session
}

// roleID is a role's unique id; sessions know the name of their role and not its
// path, so the path does not count.
func roleID(account, name string) string {
	return uniqueID("AROA", arn.New("iam", "", account, "role/"+name).String())
}

// uniqueID makes an id as IAM's (user guide, page reference_identifiers): the
// same for the same principal, told apart by the prefix.
func uniqueID(prefix, of string) string {
	sum := sha256.Sum256([]byte(of))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:sessionIDChars]
}

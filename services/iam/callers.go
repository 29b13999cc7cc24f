package iam

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/policy"
)

// Caller finds whom an ARN names: a user, an account's root, a role's session,
// or a role itself.
func (s *Service) Caller(principalARN string) access.Caller {
	c := access.Caller{Principal: policy.User(principalARN), Context: map[string][]string{}}
	a, err := arn.Parse(principalARN)
	if err != nil {
		return c
	}
	set := func(key string, values ...string) { c.Context[strings.ToLower(key)] = values }
	set("aws:PrincipalAccount", a.Account)
	set("aws:PrincipalArn", principalARN)
	kind, name := a.Split()
	var i *identity
	switch {
	case a.Resource == "root":
		c.Known = true
		set("aws:PrincipalType", "Account")
		set("aws:userid", a.Account)
		return c
	case kind == "user":
		i = s.identities.Get(userKey(a.Account, name[strings.LastIndexByte(name, '/')+1:]))
	case kind == "role":
		i = s.identities.Get(key(a.Account, string(role), name[strings.LastIndexByte(name, '/')+1:]))
	case kind == "assumed-role":
		roleName, session, _ := strings.Cut(name, "/")
		if i = s.identities.Get(key(a.Account, string(role), roleName)); i != nil {
			c.Role = i.arn()
			set("aws:userid", i.ID+":"+session)
		}
		set("aws:PrincipalArn", c.Role)
	}
	if i == nil {
		return c
	}
	c.Known = true
	for tag, value := range i.Tags {
		set("aws:PrincipalTag/"+tag, value)
	}
	switch i.Kind {
	case user:
		set("aws:PrincipalType", "User")
		set("aws:username", i.Name)
		set("aws:userid", i.ID)
	case role:
		set("aws:PrincipalType", "AssumedRole")
		if kind == "role" {
			c.Role = i.arn()
		}
	}
	c.Identity, c.Boundary = s.policiesOf(i)
	return c
}

// policiesOf are an identity's own policies, and those of a user's groups. A
// text that cannot be read, which nothing lets in, allows nothing.
func (s *Service) policiesOf(i *identity) (sources []policy.Source, boundary *policy.Source) {
	add := func(from *identity) {
		for _, name := range slices.Sorted(maps.Keys(from.Inline)) {
			if d, err := s.parsed.Parse(from.Inline[name], policy.Identity); err == nil {
				sources = append(sources, policy.Source{Name: name, Document: d})
			}
		}
		for _, attached := range from.Attached {
			if source := s.source(i.Account, attached); source != nil {
				sources = append(sources, *source)
			}
		}
	}
	add(i)
	for _, name := range i.Groups {
		if g := s.identities.Get(key(i.Account, string(group), name)); g != nil {
			add(g)
		}
	}
	if i.Boundary != "" {
		boundary = s.source(i.Account, i.Boundary)
		if boundary == nil { // gone: nothing is within it
			boundary = &policy.Source{Name: i.Boundary, Document: &policy.Document{}}
		}
	}
	return sources, boundary
}

func (s *Service) source(account, policyARN string) *policy.Source {
	p, err := s.policyIn(account, policyARN)
	if err != nil {
		return nil
	}
	d, err := s.parsed.Parse(p.document(), policy.Identity)
	if err != nil {
		return nil
	}
	return &policy.Source{Name: policyARN, Document: d}
}

// Trust is the trust policy of a role; ok is false where there is no such role.
func (s *Service) Trust(roleARN string) (document string, ok bool) {
	i := s.roleByARN(roleARN)
	if i == nil {
		return "", false
	}
	return i.Trust, true
}

// roleByARN finds a role in any account.
func (s *Service) roleByARN(text string) *identity {
	a, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	kind, name := a.Split()
	if a.Service != "iam" || kind != string(role) {
		return nil
	}
	i := s.identities.Get(key(a.Account, kind, name[strings.LastIndexByte(name, '/')+1:]))
	if i == nil || i.arn() != text {
		return nil
	}
	return i
}

// PolicyDocument is the document of a managed policy, as an account sees it; ok
// is false where there is no such policy.
func (s *Service) PolicyDocument(account, policyARN string) (document string, ok bool) {
	p, err := s.policyIn(account, policyARN)
	if err != nil {
		return "", false
	}
	return p.document(), true
}

// Identity tells the unique id of a role or a user, and how long a role's
// sessions may last. The ARN may be a session's of the role.
func (s *Service) Identity(text string) (id string, longest time.Duration, ok bool) {
	a, err := arn.Parse(text)
	if err != nil {
		return "", 0, false
	}
	kind, name := a.Split()
	if kind == "assumed-role" {
		kind = string(role)
		name, _, _ = strings.Cut(name, "/")
	}
	i := s.identities.Get(key(a.Account, kind, name[strings.LastIndexByte(name, '/')+1:]))
	if i == nil {
		return "", 0, false
	}
	return i.ID, time.Duration(i.MaxSession) * time.Second, true
}

package iam

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// kind tells roles, users and groups apart.
type kind string

const (
	role  kind = "role"
	user  kind = "user"
	group kind = "group"
)

// idPrefix begins the unique ids of a kind.
var idPrefix = map[kind]string{role: "AROA", user: "AIDA", group: "AGPA"}

// maxInline is how many characters, white space left out, the policies inside
// an identity may have together (IAM quotas).
var maxInline = map[kind]int{role: 10240, user: 2048, group: 5120}

// maxAttached is how many managed policies an identity may have (IAM quotas).
const maxAttached = 10

// identity is a role, a user or a group: whatever policies belong to.
type identity struct {
	Kind     kind
	Account  string
	Path     string
	Name     string
	ID       string
	Created  time.Time
	Tags     map[string]string `json:",omitzero"`
	Inline   map[string]string `json:",omitzero"` // policies inside it, by name
	Attached []string          `json:",omitzero"` // ARNs of managed policies
	Boundary string            `json:",omitzero"` // ARN

	// Of roles.
	Trust       string  `json:",omitzero"`
	Description *string `json:",omitzero"`
	MaxSession  int32   `json:",omitzero"` // seconds
	Service     string  `json:",omitzero"` // that the role is linked to
	Used        time.Time
	UsedRegion  string

	// Of users.
	Groups []string `json:",omitzero"` // their names
}

func (i *identity) key() string { return key(i.Account, string(i.Kind), i.Name) }

func (i *identity) arn() string { return nameARN(i.Account, string(i.Kind)+i.Path+i.Name) }

// called is an identity's kind and name as IAM's messages have it.
func called(k kind, name string) string { return "The " + string(k) + " with name " + name }

// identity finds one of the caller's account.
func (s *Service) identity(ctx context.Context, k kind, name string) (*identity, error) {
	if i := s.identities.Get(key(account(ctx), string(k), name)); i != nil {
		return i, nil
	}
	return nil, noEntity("%s cannot be found.", called(k, name))
}

// list is the caller's identities of a kind, in the order of their names.
func (s *Service) list(ctx context.Context, k kind, prefix *string) []*identity {
	return under(s.identities.List(key(account(ctx), string(k), "")), prefix, func(i *identity) string { return i.Path })
}

func nameOf(i *identity) string { return strings.ToLower(i.Name) }

// create puts a new identity.
func (s *Service) create(ctx context.Context, i *identity, tags []Tag, boundary *string) error {
	var err error
	if i.Tags, err = newTags(tags); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if boundary != nil {
		if _, err := s.policy(ctx, *boundary); err != nil {
			return noEntity("Scope ARN: %s does not exist or is not attachable.", *boundary)
		}
		i.Boundary = *boundary
	}
	i.Account, i.ID, i.Created = account(ctx), newID(idPrefix[i.Kind]), s.now()
	if s.identities.Get(i.key()) != nil {
		return exists("%s with name %s already exists.", strings.ToUpper(string(i.Kind[:1]))+string(i.Kind[1:]), i.Name)
	}
	return s.identities.Put(ctx, i.key(), i)
}

// change puts a changed copy of an identity.
func (s *Service) change(ctx context.Context, k kind, name string, change func(*identity) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.identity(ctx, k, name)
	if err != nil {
		return err
	}
	i := *old
	if err := change(&i); err != nil {
		return err
	}
	return s.identities.Put(ctx, i.key(), &i)
}

// modifiable refuses roles that are linked to a service.
func (i *identity) modifiable() error {
	if i.Service != "" {
		return unmodifiable(i.Name)
	}
	return nil
}

// remove deletes an identity that has nothing left.
func (s *Service) remove(ctx context.Context, k kind, name string, free func(*identity) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.identity(ctx, k, name)
	if err != nil {
		return err
	}
	switch {
	case len(i.Attached) > 0:
		return conflict("Cannot delete entity, must detach all policies first.")
	case len(i.Inline) > 0:
		return conflict("Cannot delete entity, must delete policies first.")
	}
	if err := free(i); err != nil {
		return err
	}
	return s.identities.Delete(ctx, i.key())
}

// rename moves a user or a group to another name or path.
func (s *Service) rename(ctx context.Context, k kind, name string, newName, newPath *string, follow func(old, renamed *identity) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.identity(ctx, k, name)
	if err != nil {
		return err
	}
	i := *old
	if newName != nil {
		i.Name = *newName
	}
	if newPath != nil {
		i.Path = *newPath
	}
	if i.key() != old.key() && s.identities.Get(i.key()) != nil {
		return exists("%s with name %s already exists.", strings.ToUpper(string(k[:1]))+string(k[1:]), i.Name)
	}
	if err := s.identities.Put(ctx, i.key(), &i); err != nil {
		return err
	}
	if err := follow(old, &i); err != nil {
		return err
	}
	if i.key() == old.key() {
		return nil
	}
	return s.identities.Delete(ctx, old.key())
}

func (s *Service) setBoundary(ctx context.Context, k kind, name string, arn *string) error {
	return s.change(ctx, k, name, func(i *identity) error {
		if err := i.modifiable(); err != nil {
			return err
		}
		if arn == nil {
			i.Boundary = ""
			return nil
		}
		if _, err := s.policy(ctx, *arn); err != nil {
			return noEntity("Scope ARN: %s does not exist or is not attachable.", *arn)
		}
		i.Boundary = *arn
		return nil
	})
}

func (i *identity) boundary() *AttachedPermissionsBoundary {
	if i.Boundary == "" {
		return nil
	}
	return &AttachedPermissionsBoundary{
		PermissionsBoundaryType: new("Policy"), PermissionsBoundaryArn: new(i.Boundary),
	}
}

// putInline puts a policy inside an identity.
func (s *Service) putInline(ctx context.Context, k kind, name, policyName, document string) error {
	if err := s.checkIdentityPolicy(document); err != nil {
		return err
	}
	return s.change(ctx, k, name, func(i *identity) error {
		if err := i.modifiable(); err != nil {
			return err
		}
		inline := maps.Clone(i.Inline)
		if inline == nil {
			inline = map[string]string{}
		}
		inline[policyName] = document
		size := 0
		for _, text := range inline {
			size += sizeOf(text)
		}
		if size > maxInline[k] {
			return exceeded("Maximum policy size of %d bytes exceeded for %s %s", maxInline[k], k, i.Name)
		}
		i.Inline = inline
		return nil
	})
}

// inline finds a policy inside an identity; the name answered is the one that
// it was put with.
func (s *Service) inline(ctx context.Context, k kind, name, policyName string) (identityName, document string, err error) {
	i, err := s.identity(ctx, k, name)
	if err != nil {
		return "", "", err
	}
	document, ok := i.Inline[policyName]
	if !ok {
		return "", "", noEntity("The %s policy with name %s cannot be found.", k, policyName)
	}
	return i.Name, document, nil
}

func (s *Service) inlineNames(ctx context.Context, k kind, name string) ([]string, error) {
	i, err := s.identity(ctx, k, name)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(i.Inline)), nil
}

func (s *Service) deleteInline(ctx context.Context, k kind, name, policyName string) error {
	return s.change(ctx, k, name, func(i *identity) error {
		if err := i.modifiable(); err != nil {
			return err
		}
		if _, ok := i.Inline[policyName]; !ok {
			return noEntity("The %s policy with name %s cannot be found.", k, policyName)
		}
		i.Inline = maps.Clone(i.Inline)
		delete(i.Inline, policyName)
		return nil
	})
}

// sizeOf is a document's size as quotas count it: without white space.
func sizeOf(document string) int {
	n := 0
	for _, r := range document {
		switch r {
		case ' ', '\t', '\n', '\r':
		default:
			n++
		}
	}
	return n
}

func self(s string) string { return s }

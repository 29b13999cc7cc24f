package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxKeys is how many access keys a user may have (IAM quotas).
const maxKeys = 2

// usedEvery is how exactly the last use of a key is known: it is not worth a
// write for each request.
const usedEvery = 15 * time.Minute

// accessKey is a user's key. Its document is kept under its id.
type accessKey struct {
	ID      string
	Account string
	User    string
	Status  string
	Created time.Time
	Sealed  []byte // the secret, bound to the id
	Used    time.Time
	Service string // of the last use
	Region  string
}

func keyContext(id string) []byte { return []byte("iam access key " + id) }

// keysOf lists a user's keys, the oldest first.
func (s *Service) keysOf(i *identity) []*accessKey {
	keys := slices.DeleteFunc(s.keys.List(""), func(k *accessKey) bool {
		return k.Account != i.Account || !strings.EqualFold(k.User, i.Name)
	})
	slices.SortStableFunc(keys, func(a, b *accessKey) int { return a.Created.Compare(b.Created) })
	return keys
}

// CreateAccessKey implements [API]. The secret is never told again.
func (s *Service) CreateAccessKey(ctx context.Context, in *CreateAccessKeyInput) (*CreateAccessKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.whose(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if len(s.keysOf(i)) >= maxKeys {
		return nil, exceeded("Cannot exceed quota for AccessKeysPerUser: %d", maxKeys)
	}
	var random [30]byte
	rand.Read(random[:])
	secret := base64.StdEncoding.EncodeToString(random[:])
	id := newID("AKIA")[:20]
	k := &accessKey{
		ID: id, Account: i.Account, User: i.Name, Status: StatusTypeActive, Created: s.now(),
		Sealed: s.box.Seal([]byte(secret), keyContext(id)),
	}
	if err := s.keys.Put(ctx, id, k); err != nil {
		return nil, err
	}
	return &CreateAccessKeyOutput{AccessKey: &AccessKey{
		UserName: new(i.Name), AccessKeyId: new(id), Status: new(k.Status), SecretAccessKey: new(secret), CreateDate: at(k.Created),
	}}, nil
}

// ListAccessKeys implements [API].
func (s *Service) ListAccessKeys(ctx context.Context, in *ListAccessKeysInput) (*ListAccessKeysOutput, error) {
	i, err := s.whose(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &ListAccessKeysOutput{AccessKeyMetadata: []AccessKeyMetadata{}}
	for _, k := range s.keysOf(i) {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, AccessKeyMetadata{
			UserName: new(i.Name), AccessKeyId: new(k.ID), Status: new(k.Status), CreateDate: at(k.Created),
		})
	}
	return out, nil
}

// keyOf finds a user's key.
func (s *Service) keyOf(ctx context.Context, userName *string, id string) (*accessKey, error) {
	k := s.keys.Get(id)
	if userName == nil && k != nil && k.Account == account(ctx) {
		userName = &k.User // the key says whose it is
	}
	i, err := s.whose(ctx, userName)
	if err != nil {
		return nil, err
	}
	if k == nil || k.Account != i.Account || !strings.EqualFold(k.User, i.Name) {
		return nil, noEntity("The Access Key with id %s cannot be found.", id)
	}
	return k, nil
}

// UpdateAccessKey implements [API].
func (s *Service) UpdateAccessKey(ctx context.Context, in *UpdateAccessKeyInput) (*UpdateAccessKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.keyOf(ctx, in.UserName, *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	if *in.Status == StatusTypeExpired {
		return nil, invalidInput("The status Expired cannot be set.")
	}
	k := *old
	k.Status = *in.Status
	return nil, s.keys.Put(ctx, k.ID, &k)
}

// DeleteAccessKey implements [API].
func (s *Service) DeleteAccessKey(ctx context.Context, in *DeleteAccessKeyInput) (*DeleteAccessKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.keyOf(ctx, in.UserName, *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	return nil, s.keys.Delete(ctx, k.ID)
}

// GetAccessKeyLastUsed implements [API].
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, in *GetAccessKeyLastUsedInput) (*GetAccessKeyLastUsedOutput, error) {
	k := s.keys.Get(*in.AccessKeyId)
	if k == nil || k.Account != account(ctx) {
		return nil, noEntity("The Access Key with id %s cannot be found.", *in.AccessKeyId)
	}
	used := &AccessKeyLastUsed{ServiceName: new("N/A"), Region: new("N/A")}
	if !k.Used.IsZero() {
		used = &AccessKeyLastUsed{LastUsedDate: at(k.Used), ServiceName: new(k.Service), Region: new(k.Region)}
	}
	return &GetAccessKeyLastUsedOutput{UserName: new(k.User), AccessKeyLastUsed: used}, nil
}

// Key is what is known of an access key.
type Key struct {
	Secret    string
	Account   string
	Principal string // ARN of the user
	Active    bool
}

// Key finds an access key; ok is false where there is none.
func (s *Service) Key(id string) (key Key, ok bool, err error) {
	k := s.keys.Get(id)
	if k == nil {
		return Key{}, false, nil
	}
	i := s.identities.Get(userKey(k.Account, k.User))
	if i == nil {
		return Key{}, false, nil
	}
	secret, err := s.box.Open(k.Sealed, keyContext(id))
	if err != nil {
		return Key{}, false, fmt.Errorf("the secret of access key %s: %w", id, err)
	}
	return Key{Secret: string(secret), Account: k.Account, Principal: i.arn(), Active: k.Status == StatusTypeActive}, true, nil
}

func userKey(account, name string) string { return key(account, string(user), name) }

// Used notes that a request was signed with the key.
func (s *Service) Used(ctx context.Context, id, service, region string) error {
	now := s.now()
	fresh := func(k *accessKey) bool { return k == nil || now.Sub(k.Used) < usedEvery }
	if fresh(s.keys.Get(id)) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.keys.Get(id)
	if fresh(old) {
		return nil
	}
	k := *old
	k.Used, k.Service, k.Region = now, service, region
	return s.keys.Put(ctx, id, &k)
}

package iam

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/wire"
)

// Service implements [API].
type Service struct {
	clock clock.Clock
	box   *seal.Box

	mu         sync.Mutex // serializes changes
	identities *engine.Documents[identity]
	managed    *engine.Documents[managed]
	keys       *engine.Documents[accessKey]
	profiles   *engine.Documents[profile]
	providers  *engine.Documents[provider]
	aliases    *engine.Documents[alias]

	aws    map[string]*managed // AWS's own policies, by path and name
	parsed policy.Cache
}

var _ API = (*Service)(nil)

// New loads what is kept. box seals the secrets of access keys.
func New(ctx context.Context, eng engine.Engine, c clock.Clock, box *seal.Box) (*Service, error) {
	s := &Service{clock: c, box: box, aws: ofAWS()}
	records := eng.Records()
	for _, open := range []func() error{
		func() (err error) {
			s.identities, err = engine.OpenDocuments[identity](ctx, records, "iam.identity")
			return
		},
		func() (err error) { s.managed, err = engine.OpenDocuments[managed](ctx, records, "iam.policy"); return },
		func() (err error) { s.keys, err = engine.OpenDocuments[accessKey](ctx, records, "iam.key"); return },
		func() (err error) {
			s.profiles, err = engine.OpenDocuments[profile](ctx, records, "iam.profile")
			return
		},
		func() (err error) {
			s.providers, err = engine.OpenDocuments[provider](ctx, records, "iam.provider")
			return
		},
		func() (err error) { s.aliases, err = engine.OpenDocuments[alias](ctx, records, "iam.alias"); return },
	} {
		if err := open(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// account is the caller's.
func account(ctx context.Context) string { return wire.FromContext(ctx).Account }

// key is a document's key: names are unique without regard to case (API
// reference, CreateRole).
func key(parts ...string) string { return strings.ToLower(strings.Join(parts, "|")) }

func nameARN(account, resource string) string { return arn.New("iam", "", account, resource).String() }

// newID makes a unique id (user guide, page reference_identifiers).
func newID(prefix string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b [17]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return prefix + string(b[:])
}

// now is to the second, as IAM's times are.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Second) }

func at(t time.Time) *wire.Time { return new(wire.At(t)) }

func pathOf(p *string) string {
	if p == nil {
		return "/"
	}
	return *p
}

// optional is a text that is not answered where it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// encoded is a policy document as IAM answers it: URL-encoded by RFC 3986.
func encoded(document string) *string {
	return new(strings.ReplaceAll(url.QueryEscape(document), "+", "%20"))
}

func noEntity(format string, args ...any) error {
	return wire.Errorf(CodeNoSuchEntityException, format, args...)
}

func exists(format string, args ...any) error {
	return wire.Errorf(CodeEntityAlreadyExistsException, format, args...)
}

func conflict(format string, args ...any) error {
	return wire.Errorf(CodeDeleteConflictException, format, args...)
}

func exceeded(format string, args ...any) error {
	return wire.Errorf(CodeLimitExceededException, format, args...)
}

func invalid(format string, args ...any) error {
	return wire.Errorf(wire.CodeQueryValidation, format, args...)
}

// page cuts one page, of 100 where the request names no limit.
func page[T any](items []T, name func(T) string, limit *int32, marker *string) (rows []T, truncated bool, next *string, err error) {
	most := 100
	if limit != nil {
		most = int(*limit)
	}
	rows, next, err = wire.Page(items, name, most, marker)
	if err != nil {
		return nil, false, nil, invalid("Invalid Marker.")
	}
	if rows == nil {
		rows = []T{}
	}
	return rows, next != nil, next, nil
}

// under keeps what lies below a path.
func under[T any](items []T, prefix *string, path func(T) string) []T {
	if prefix == nil {
		return items
	}
	var out []T
	for _, item := range items {
		if strings.HasPrefix(path(item), *prefix) {
			out = append(out, item)
		}
	}
	return out
}

// Package domains keeps custom domain names and what lies under their paths
// (developer guide, pages how-to-custom-domains and
// http-api-custom-domain-names). REST and HTTP APIs share them, as on AWS.
//
//	Host: api.example.org, /shop/orders/1 ── the longest mapped path ──► API, stage, /orders/1
//
// Certificates are kept and not used: who serves TLS for such a name stands in
// front of Signalbox.
package domains

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/apigateway/address"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// Domain is a custom domain name. It is not to be changed.
type Domain struct {
	wire.Scope
	ID              string
	Name            string // lower case; *.example.org for all below that
	CertificateARN  string
	CertificateName string
	Edge            bool   // of type EDGE, else REGIONAL
	SecurityPolicy  string // TLS_1_0, TLS_1_2
	Tags            map[string]string
	Mappings        []Mapping
}

// Mapping says what is under a path of a domain.
type Mapping struct {
	ID    string
	Path  string // without slashes at its ends; "" for all that no other has
	API   string
	Stage string // "": the path goes on with it
}

// Target is the name that AWS would have the domain's DNS point to.
func (d *Domain) Target() string {
	return "d-" + d.ID + ".execute-api." + d.Region + ".amazonaws.com"
}

// ARN names the domain.
func (d *Domain) ARN() string {
	return fmt.Sprintf("arn:aws:apigateway:%s::/domainnames/%s", d.Region, d.Name)
}

// Zone is the hosted zone that goes with Target: that of us-east-1, whatever the
// region.
const Zone = "Z1UJRXOUMOOFQ8"

// Names are all domain names.
type Names struct {
	mu   sync.Mutex // serializes changes
	docs *engine.Documents[Domain]
}

// Open loads them.
func Open(ctx context.Context, eng engine.Engine) (*Names, error) {
	docs, err := engine.OpenDocuments[Domain](ctx, eng.Records(), "apigateway.domain")
	if err != nil {
		return nil, err
	}
	return &Names{docs: docs}, nil
}

var good = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// Create makes a domain of the caller's.
func (n *Names) Create(ctx context.Context, d *Domain) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	d.Name = strings.ToLower(d.Name)
	if !good.MatchString(d.Name) {
		return wire.Errorf("BadRequestException", "Invalid domain name specified: %s", d.Name)
	}
	if n.docs.Get(d.Name) != nil {
		return wire.Errorf("ConflictException", "The domain name you provided already exists.")
	}
	d.Scope, d.ID = wire.ScopeOf(ctx), kept.NewID(10)
	return n.docs.Put(ctx, d.Name, d)
}

// Find returns a domain of the caller's.
func (n *Names) Find(ctx context.Context, name string) (*Domain, error) {
	if d := n.docs.Get(strings.ToLower(name)); d != nil && d.Scope == wire.ScopeOf(ctx) {
		return d, nil
	}
	return nil, wire.Errorf("NotFoundException", "Invalid domain name identifier specified")
}

// List returns the caller's domains by their names.
func (n *Names) List(ctx context.Context) map[string]*Domain {
	all := map[string]*Domain{}
	for _, d := range n.docs.List("") {
		if d.Scope == wire.ScopeOf(ctx) {
			all[d.Name] = d
		}
	}
	return all
}

// Change puts a changed copy of a domain, and returns it.
func (n *Names) Change(ctx context.Context, name string, change func(*Domain) error) (*Domain, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	old, err := n.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	d, err := kept.Copy(old)
	if err != nil {
		return nil, err
	}
	if err := change(d); err != nil {
		return nil, err
	}
	for i, m := range d.Mappings {
		for _, other := range d.Mappings[:i] {
			if other.Path == m.Path {
				return nil, wire.Errorf("ConflictException", "Base path already exists for this domain name")
			}
		}
	}
	return d, n.docs.Put(ctx, d.Name, d)
}

// Delete forgets a domain and its mappings.
func (n *Names) Delete(ctx context.Context, name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	d, err := n.Find(ctx, name)
	if err != nil {
		return err
	}
	return n.docs.Delete(ctx, d.Name)
}

// Mapping finds a mapping by what is true of it.
func (d *Domain) Mapping(is func(Mapping) bool) (*Mapping, error) {
	if i := slices.IndexFunc(d.Mappings, is); i >= 0 {
		return &d.Mappings[i], nil
	}
	return nil, wire.Errorf("NotFoundException", "Invalid base path mapping identifier specified")
}

// named finds the domain of a host, also by a wildcard.
func (n *Names) named(host string) *Domain {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	if d := n.docs.Get(host); d != nil {
		return d
	}
	if _, parent, ok := strings.Cut(host, "."); ok {
		return n.docs.Get("*." + parent)
	}
	return nil
}

// Match tells the requests that come to a custom domain.
func (n *Names) Match(r *http.Request) bool { return n.named(r.Host) != nil }

// Resolve finds what a request to a custom domain is for; ok is false where
// nothing is mapped to its path, or it comes to no custom domain.
func (n *Names) Resolve(r *http.Request) (a address.Address, ok bool) {
	d := n.named(r.Host)
	if d == nil {
		return a, false
	}
	path := r.URL.EscapedPath()
	longest := -1
	for _, m := range d.Mappings {
		rest, under := strings.CutPrefix(path, "/"+m.Path)
		if m.Path == "" {
			rest, under = path, true
		}
		if !under || rest != "" && rest[0] != '/' || len(m.Path) <= longest {
			continue
		}
		longest = len(m.Path)
		a = address.Address{API: m.API, Stage: m.Stage, Path: "/" + strings.TrimPrefix(rest, "/"), Domain: true}
		if m.Path != "" {
			a.Base = "/" + m.Path
		}
	}
	return a, longest >= 0
}

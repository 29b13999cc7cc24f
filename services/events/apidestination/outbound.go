package apidestination

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/delivery"
)

// callTimeout bounds a call of an API destination (user guide, page
// eb-api-destinations).
const callTimeout = 5 * time.Second

// outbound calls API destinations. What is shared by the targets that use one
// destination or connection lives here: its pace and its token.
type outbound struct {
	s      *Destinations
	client *http.Client
	tokens tokens

	mu     sync.Mutex // guards pacers
	pacers map[string]*delivery.Pacer
}

func newOutbound(s *Destinations) *outbound {
	o := &outbound{s: s, client: s.config.HTTP, pacers: map[string]*delivery.Pacer{}}
	if o.client == nil {
		o.client = NewClient(nil)
	}
	o.tokens = tokens{client: o.client, clock: s.config.Clock, held: map[string]*token{}}
	return o
}

// NewClient makes the client that calls API destinations: it follows no
// redirects and, where refuse is not nil, connects to no address that it
// refuses, whatever name led there.
func NewClient(refuse func(netip.Addr) bool) *http.Client {
	dialer := &net.Dialer{Timeout: callTimeout}
	if refuse != nil {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil || refuse(a.Addr().Unmap()) {
				return fmt.Errorf("%w: %s", errRefusedAddress, address)
			}
			return nil
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, atHome(address))
			},
			MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var errRefusedAddress = errors.New("API destinations may not be at this address")

// atHome is the address itself, but names below localhost (RFC 6761), which the
// URLs of functions have here, are this machine whatever its resolver says.
func atHome(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(strings.TrimSuffix(host, "."), ".localhost") {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// PrivateAddress tells whether an address is the machine's own, link-local (the
// cloud's metadata service is) or none at all: where API destinations are not
// let in production.
func PrivateAddress(a netip.Addr) bool {
	return a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsMulticast() || a.IsUnspecified() ||
		a == netip.MustParseAddr("fd00:ec2::254")
}

// pacer is the pace of a destination; nil where it is gone.
func (o *outbound) pacer(d *destination) *delivery.Pacer {
	if d == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.pacers[d.arn()]
	if p == nil {
		p = delivery.NewPacer(o.s.config.Clock, d.rate())
		o.pacers[d.arn()] = p
	}
	return p
}

func (o *outbound) setRate(d *destination) { o.pacer(d).Set(d.rate()) }

// forget drops the pace of a destination that was deleted.
func (o *outbound) forget(d *destination) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.pacers, d.arn())
}

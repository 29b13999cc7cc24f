package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/gateway/sigv4"
	"github.com/signalbox/signalbox/wire"
)

// directory finds the service that a request means. It is immutable.
type directory struct {
	all       []*wire.Service
	bySigning map[string][]*wire.Service
	byTarget  map[string]*wire.Service
	byName    map[string]*wire.Service // model name, endpoint prefix
	names     []string                 // of what there is, sorted
}

func newDirectory(services []*wire.Service) *directory {
	d := &directory{all: services, bySigning: map[string][]*wire.Service{}, byTarget: map[string]*wire.Service{}, byName: map[string]*wire.Service{}}
	for _, s := range services {
		for _, n := range s.SigningNames {
			d.bySigning[n] = append(d.bySigning[n], s)
		}
		if s.TargetPrefix != "" {
			d.byTarget[s.TargetPrefix] = s
		}
		d.names = append(d.names, s.Name)
	}
	for _, s := range services {
		for _, n := range s.SigningNames {
			if d.byName[n] == nil {
				d.byName[n] = s
			}
		}
	}
	for _, s := range services { // a service's own name goes before another's signing name
		d.byName[s.Name] = s
	}
	slices.Sort(d.names)
	return d
}

// address is what a request says of its destination before its body is read.
type address struct {
	service *wire.Service
	name    string // as the request names it, also of a service that there is not; "" where it names none
	region  string // of the host, "" where it has none
	several []*wire.Service
}

// find reads the address from signature, header, path and host, in this order.
// Where several services share a signing name, several holds those that the
// body must decide between.
func (d *directory) find(r *http.Request, sig *sigv4.Signature) (a address) {
	host := ParseHost(r.Host)
	a.region = host.Region
	target := r.Header.Get("X-Amz-Target")
	prefix := target[:max(0, strings.LastIndexByte(target, '.'))]
	if sig.Service != "" {
		a.name = sig.Service
		a.several = d.bySigning[sig.Service]
		if len(a.several) > 1 && target != "" {
			if s := d.byTarget[prefix]; s != nil && slices.Contains(a.several, s) {
				a.several = []*wire.Service{s}
			}
		}
		if len(a.several) == 1 {
			a.service, a.several = a.several[0], nil
		}
		return a
	}
	if target != "" {
		a.name, a.service = prefix, d.byTarget[prefix]
		return a
	}
	if rest, ok := strings.CutPrefix(r.URL.Path, "/service/"); ok && r.Header.Get("Smithy-Protocol") != "" {
		a.name, _, _ = strings.Cut(rest, "/")
		if a.service = d.byTarget[a.name]; a.service == nil {
			a.service = d.byName[strings.ToLower(a.name)]
		}
		return a
	}
	if host.Service != "" {
		if s := d.byName[host.Service]; s != nil {
			a.name, a.service = host.Service, s
			return a
		}
	}
	if region, ok := queuePath(r.URL.Path); ok {
		a.service = d.byName["sqs"]
		if region != "" {
			a.region = region
		}
	}
	if a.service != nil {
		a.name = a.service.Name
	}
	return a
}

// decide finds the service of a request by its body, where find could not: one
// of several, or the one whose query protocol has the Action and Version.
func (d *directory) decide(a *address, r *http.Request, body []byte) {
	if len(a.several) > 1 {
		for _, s := range a.several {
			if _, known := s.Implements(s.Operation(r, body)); known {
				a.service = s
				return
			}
		}
		a.service = a.several[0]
		return
	}
	if a.service != nil || a.name != "" {
		return
	}
	form := r.URL.Query()
	if isForm(r) {
		if f, err := url.ParseQuery(string(body)); err == nil && f.Has("Action") {
			form = f
		}
	}
	action, version := form.Get("Action"), form.Get("Version")
	if action == "" {
		return
	}
	for _, s := range d.all {
		if !slices.Contains(s.Protocols, wire.Query) || version != "" && version != s.APIVersion {
			continue
		}
		if _, known := s.Implements(action); known {
			a.service, a.name = s, s.Name
			return
		}
	}
}

func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// queuePath reads /account/name and /queue/region/account/name: the URL of a
// queue, to which older clients send their requests.
func queuePath(path string) (region string, ok bool) {
	if rest, is := strings.CutPrefix(path, "/queue/"); is {
		region, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	if len(path) < 15 || path[0] != '/' || path[13] != '/' || !isAccount(path[1:13]) || strings.IndexByte(path[14:], '/') >= 0 {
		return "", false
	}
	return region, true
}

// withQueueURL gives a query request to a queue's own URL the parameter that
// older clients leave out.
func withQueueURL(r *http.Request, body []byte, base string) (*http.Request, []byte) {
	if _, ok := queuePath(r.URL.Path); !ok {
		return r, body
	}
	parameter := "QueueUrl=" + url.QueryEscape(base+r.URL.Path)
	if isForm(r) {
		if f, err := url.ParseQuery(string(body)); err != nil || f.Has("QueueUrl") || !f.Has("Action") || ofAccount(f.Get("Action")) {
			return r, body
		}
		return r, append(append(body[:len(body):len(body)], '&'), parameter...)
	}
	if q := r.URL.Query(); q.Has("QueueUrl") || !q.Has("Action") || ofAccount(q.Get("Action")) {
		return r, body
	}
	r = r.Clone(r.Context())
	r.URL.RawQuery += "&" + parameter
	return r, body
}

// ofAccount tells the operations of SQS that are not about one queue.
func ofAccount(action string) bool {
	return action == "CreateQueue" || action == "ListQueues" || action == "GetQueueUrl" || strings.HasSuffix(action, "MoveTask") || strings.HasSuffix(action, "MoveTasks")
}

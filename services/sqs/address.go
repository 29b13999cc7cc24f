package sqs

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// address names a queue: queues are apart for each account and region.
type address struct{ region, account, name string }

// key is the address as the key of a record.
func (a address) key() string { return a.region + "/" + a.account + "/" + a.name }

func (a address) arn() string { return arn.New("sqs", a.region, a.account, a.name).String() }

// addressOfKey is the reverse of key.
func addressOfKey(key string) (address, bool) {
	p := strings.Split(key, "/")
	if len(p) != 3 {
		return address{}, false
	}
	return address{p[0], p[1], p[2]}, true
}

// addressOfARN reads a queue's ARN.
func addressOfARN(s string) (address, bool) {
	a, err := arn.Parse(s)
	if err != nil || a.Service != "sqs" || a.Region == "" || !isAccount(a.Account) || !validName(strings.TrimSuffix(a.Resource, fifoSuffix)) {
		return address{}, false
	}
	return address{a.Region, a.Account, a.Resource}, true
}

// addressOfURL reads a queue URL in any of the forms that clients use:
//
//	http://localhost:4566/000000000000/q
//	http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q
//	http://localhost:4566/queue/us-east-1/000000000000/q
//	q
//
// What the URL leaves open (most often the region) is the request's.
func addressOfURL(r *wire.Request, url string) (address, error) {
	a := address{region: r.Region, account: r.Account}
	path := url
	if _, rest, ok := strings.Cut(url, "://"); ok {
		var host string
		host, path, _ = strings.Cut(rest, "/")
		if region := regionOfHost(host); region != "" {
			a.region = region
		}
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) == 4 && parts[0] == "queue" {
		a.region, parts = parts[1], parts[2:]
	}
	switch {
	case len(parts) == 1 && parts[0] != "":
		a.name = parts[0]
	case len(parts) == 2 && isAccount(parts[0]) && parts[1] != "":
		a.account, a.name = parts[0], parts[1]
	default:
		return address{}, wire.Errorf(CodeInvalidAddress, "The address %s is not valid for this endpoint.", url)
	}
	return a, nil
}

// regionOfHost finds the region in sqs.{region}.… and {region}.queue.….
func regionOfHost(host string) string {
	labels := strings.Split(host, ".")
	if len(labels) < 3 {
		return ""
	}
	region := ""
	switch {
	case labels[0] == "sqs":
		region = labels[1]
	case labels[1] == "queue":
		region = labels[0]
	}
	if strings.Count(region, "-") < 2 {
		return ""
	}
	return region
}

// url is the queue's URL as the client of this request can reach it.
func (a address) url(ctx context.Context) string {
	r := wire.FromContext(ctx)
	scheme, host := r.Scheme, r.Host
	if scheme == "" {
		scheme = "http"
	}
	if host == "" {
		host = "localhost:4566"
	}
	return scheme + "://" + host + "/" + a.account + "/" + a.name
}

func isAccount(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 12
}

const fifoSuffix = ".fifo"

// validName checks a name, or an entry's id: letters, digits, hyphens and
// underscores, 1 to 80 of them.
func validName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 80
}

// queueAt finds the queue that a request means by its URL.
func (s *Service) queueAt(ctx context.Context, url *string) (*queue, error) {
	if url == nil || *url == "" {
		return nil, missing(`QueueUrl`)
	}
	a, err := addressOfURL(wire.FromContext(ctx), *url)
	if err != nil {
		return nil, err
	}
	if q := s.store.find(a); q != nil {
		return q, nil
	}
	return nil, noQueue()
}

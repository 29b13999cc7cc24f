// Package address names queues: by region, account and name, and in the forms
// that others write them in, ARNs and queue URLs. It knows no queue; what it
// reads may name one that does not exist.
package address

import (
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// Queue is where a queue is: queues are apart for each account and region.
type Queue struct{ Region, Account, Name string }

// codeInvalid is the code of an error about a queue URL.
const codeInvalid = "InvalidAddress"

// Key is the address as the key of a record: region/account/name.
func (q Queue) Key() string { return q.Region + "/" + q.Account + "/" + q.Name }

// ARN is the queue's Amazon Resource Name.
func (q Queue) ARN() string { return arn.New("sqs", q.Region, q.Account, q.Name).String() }

// OfKey is the reverse of [Queue.Key]. It reports false for other keys.
func OfKey(key string) (Queue, bool) {
	p := strings.Split(key, "/")
	if len(p) != 3 {
		return Queue{}, false
	}
	return Queue{p[0], p[1], p[2]}, true
}

// OfARN reads a queue's ARN. It reports false for any other text.
func OfARN(s string) (Queue, bool) {
	a, err := arn.Parse(s)
	if err != nil || a.Service != "sqs" || a.Region == "" || !IsAccount(a.Account) || !ValidName(strings.TrimSuffix(a.Resource, FIFOSuffix)) {
		return Queue{}, false
	}
	return Queue{a.Region, a.Account, a.Resource}, true
}

// OfURL reads a queue URL in any of the forms that clients use:
//
//	http://localhost:4566/000000000000/q
//	http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q
//	http://localhost:4566/queue/us-east-1/000000000000/q
//	q
//
// What the URL leaves open (most often the region) is the request's. A URL in
// another form is the error InvalidAddress.
func OfURL(r *wire.Request, url string) (Queue, error) {
	q := Queue{Region: r.Region, Account: r.Account}
	path := url
	if _, rest, ok := strings.Cut(url, "://"); ok {
		var host string
		host, path, _ = strings.Cut(rest, "/")
		if region := regionOfHost(host); region != "" {
			q.Region = region
		}
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) == 4 && parts[0] == "queue" {
		q.Region, parts = parts[1], parts[2:]
	}
	switch {
	case len(parts) == 1 && parts[0] != "":
		q.Name = parts[0]
	case len(parts) == 2 && IsAccount(parts[0]) && parts[1] != "":
		q.Account, q.Name = parts[0], parts[1]
	default:
		return Queue{}, wire.Errorf(codeInvalid, "The address %s is not valid for this endpoint.", url)
	}
	return q, nil
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

// URL is the queue's URL as the client of this request can reach it.
func (q Queue) URL(r *wire.Request) string {
	scheme, host := r.Scheme, r.Host
	if scheme == "" {
		scheme = "http"
	}
	if host == "" {
		host = "localhost:4566"
	}
	return scheme + "://" + host + "/" + q.Account + "/" + q.Name
}

// IsAccount checks an account id: 12 digits.
func IsAccount(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 12
}

// FIFOSuffix ends the name of every FIFO queue.
const FIFOSuffix = ".fifo"

// ValidName checks a name, or an entry's id: letters, digits, hyphens and
// underscores, 1 to 80 of them.
func ValidName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 80
}

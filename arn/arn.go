// Package arn reads and writes Amazon Resource Names:
//
//	arn:partition:service:region:account:resource
package arn

import (
	"fmt"
	"strings"
)

// ARN names one resource. Resource may itself hold colons and slashes.
type ARN struct {
	Partition string // "aws"
	Service   string // "events", "sqs", …
	Region    string // empty for global services
	Account   string // twelve digits; empty where the service leaves it out
	Resource  string // "rule/orders/created"
}

// New is an ARN of the partition "aws".
func New(service, region, account, resource string) ARN {
	return ARN{Partition: "aws", Service: service, Region: region, Account: account, Resource: resource}
}

// Parse reads an ARN. The error says what is wrong and quotes the text.
func Parse(s string) (ARN, error) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" {
		return ARN{}, fmt.Errorf("%q is not an ARN: it wants arn:partition:service:region:account:resource", s)
	}
	a := ARN{Partition: p[1], Service: p[2], Region: p[3], Account: p[4], Resource: p[5]}
	if a.Partition == "" || a.Service == "" || a.Resource == "" {
		return ARN{}, fmt.Errorf("%q is not an ARN: partition, service and resource must not be empty", s)
	}
	return a, nil
}

// Is tells whether the text has the form of an ARN's beginning.
func Is(s string) bool { return strings.HasPrefix(s, "arn:") }

// String is the text form; the zero ARN's is empty.
func (a ARN) String() string {
	if a == (ARN{}) {
		return ""
	}
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Split divides the resource at its first slash or colon: "rule/orders/created"
// gives "rule" and "orders/created"; a resource without either has no kind.
func (a ARN) Split() (kind, name string) {
	if i := strings.IndexAny(a.Resource, "/:"); i >= 0 {
		return a.Resource[:i], a.Resource[i+1:]
	}
	return "", a.Resource
}

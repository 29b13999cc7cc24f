package gateway

import (
	"net"
	"strings"
)

// HostName is what a host name in AWS's manner says:
//
//	sqs.eu-west-1.amazonaws.com                 Service "sqs", Region "eu-west-1"
//	bucket.s3.localhost.localstack.cloud:4566   Resource "bucket", Service "s3"
//	abc123.execute-api.us-east-1.localhost      Resource "abc123", Service "execute-api", Region "us-east-1"
//	eu-west-1.queue.localhost.localstack.cloud  Service "sqs", Region "eu-west-1"
//
// It is empty for names that are not under one of AWS's, localhost.localstack.cloud
// or localhost.
type HostName struct {
	Resource string // what stands before the service, dots included
	Service  string // endpoint prefix, "sqs", "execute-api"
	Region   string // "" where the name has none
}

var hostSuffixes = []string{".localhost.localstack.cloud", ".localhost", ".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws"}

// ParseHost reads a Host header, with or without a port. It says what the name
// looks like; whether there is such a service, the caller must know.
func ParseHost(host string) (h HostName) {
	if strings.IndexByte(host, '.') < 0 {
		return h // localhost:4566, the most common
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	rest := ""
	for _, suffix := range hostSuffixes {
		if r, ok := strings.CutSuffix(host, suffix); ok {
			rest = r
			break
		}
	}
	if rest == "" {
		return h
	}
	labels := strings.Split(rest, ".")
	last := len(labels) - 1
	if isRegionName(labels[last]) {
		h.Region = labels[last]
		last--
		if last >= 0 && labels[last] == "dualstack" {
			last--
		}
	}
	if last < 0 {
		return HostName{}
	}
	h.Service = strings.TrimSuffix(labels[last], "-fips")
	h.Resource = strings.Join(labels[:last], ".")
	if h.Service == "queue" { // SQS's first form: region.queue.amazonaws.com
		h.Service = "sqs"
		if isRegionName(h.Resource) {
			h.Region, h.Resource = h.Resource, ""
		}
	}
	return h
}

// isRegionName tells whether s has the form of a region's name: letters, a word or
// more, a number, as us-east-1 and us-gov-west-1.
func isRegionName(s string) bool {
	first, rest, ok := strings.Cut(s, "-")
	if !ok || len(first) < 2 || len(first) > 4 || len(s) > 32 {
		return false
	}
	at := strings.LastIndexByte(rest, '-')
	if at < 1 || at == len(rest)-1 {
		return false
	}
	for i := range len(rest) {
		c := rest[i]
		switch {
		case i > at && (c < '0' || c > '9'), i < at && c != '-' && (c < 'a' || c > 'z'):
			return false
		}
	}
	return true
}

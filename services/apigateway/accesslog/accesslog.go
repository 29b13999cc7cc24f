// Package accesslog writes the access logs of APIs' stages (developer guide,
// pages set-up-logging and http-api-logging): for each request a line in the
// stage's format, to a log group.
//
//	{"id":"$context.requestId","status":$context.status} ── $context of the request ──► a line
package accesslog

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// Sink takes lines for log groups.
type Sink interface {
	Write(ctx context.Context, sc wire.Scope, group, stream string, at time.Time, messages ...string) error
}

var variable = regexp.MustCompile(`\$context((?:\.[A-Za-z0-9_:-]+)+)`)

// Line puts a request's variables into a format. What a request does not have is
// "-".
func Line(format string, value func(name string) (string, bool)) string {
	return variable.ReplaceAllStringFunc(format, func(mark string) string {
		name := strings.TrimRight(mark, ":-") // those are the format's
		v, ok := value(strings.TrimPrefix(name, "$context."))
		if !ok || v == "" {
			v = "-"
		}
		return v + mark[len(name):]
	})
}

// Group is the log group that a destination names.
func Group(destination string) (sc wire.Scope, name string, err error) {
	a, err := arn.Parse(strings.TrimSuffix(destination, ":*"))
	if err != nil {
		return sc, "", fmt.Errorf("the destination %s is no ARN", destination)
	}
	name, ok := strings.CutPrefix(a.Resource, "log-group:")
	if a.Service != "logs" || !ok || name == "" {
		return sc, "", fmt.Errorf("the destination %s is no log group: only these are implemented by Signalbox", destination)
	}
	return wire.ScopeOfARN(a), name, nil
}

package settings

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/refuse"
)

// RedrivePolicy is the attribute RedrivePolicy of a source queue.
type RedrivePolicy struct {
	Target address.Queue // the dead-letter queue
	Max    int           // receives; at the next one the message is moved
}

// parseRedrivePolicy reads the attribute, or says why it will not do.
func parseRedrivePolicy(text string) (p *RedrivePolicy, reason string) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil || members == nil {
		return nil, "Redrive policy is not a valid JSON map."
	}
	for _, name := range []string{"deadLetterTargetArn", "maxReceiveCount"} {
		if members[name] == nil {
			return nil, "Redrive policy does not contain mandatory attribute: " + name + "."
		}
	}
	if len(members) > 2 {
		return nil, "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount]."
	}
	p = new(RedrivePolicy)
	var arn string
	var ok bool
	if json.Unmarshal(members["deadLetterTargetArn"], &arn) == nil {
		p.Target, ok = address.OfARN(arn)
	}
	if !ok {
		return nil, "Invalid value for deadLetterTargetArn."
	}
	// Templates often write the number as a string; AWS takes both.
	count := string(members["maxReceiveCount"])
	if unquoted, err := strconv.Unquote(count); err == nil {
		count = unquoted
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 1000 {
		return nil, "Invalid value for maxReceiveCount: " + count + ", valid values are from 1 to 1000 both inclusive."
	}
	p.Max = n
	return p, ""
}

// checkRedrivePolicy validates the policy for a source queue.
func checkRedrivePolicy(text string, refuses func(address.Queue) string) error {
	if text == "" {
		return nil
	}
	p, reason := parseRedrivePolicy(text)
	if reason == "" {
		reason = refuses(p.Target)
	}
	if reason != "" {
		return refuse.Value(text, redrivePolicy, reason)
	}
	return nil
}

// Allow tells whether a dead-letter queue with these attributes takes the
// messages of source: its RedriveAllowPolicy.
func (a Attributes) Allow(source address.Queue) bool {
	text := a[redriveAllowPolicy]
	if text == "" {
		return true
	}
	var p allowPolicy
	return json.Unmarshal([]byte(text), &p) != nil || p.allows(source)
}

// allowPolicy is the attribute RedriveAllowPolicy of a dead-letter queue.
type allowPolicy struct {
	RedrivePermission string   `json:"redrivePermission"`
	SourceQueueArns   []string `json:"sourceQueueArns"`
}

func (p allowPolicy) allows(source address.Queue) bool {
	switch p.RedrivePermission {
	case "denyAll":
		return false
	case "byQueue":
		return slices.Contains(p.SourceQueueArns, source.ARN())
	}
	return true
}

func checkRedriveAllowPolicy(text string) error {
	if text == "" {
		return nil
	}
	reason := ""
	var p allowPolicy
	switch err := json.Unmarshal([]byte(text), &p); {
	case err != nil || !isObject(text):
		reason = "Redrive allow policy is not a valid JSON map."
	case p.RedrivePermission != "allowAll" && p.RedrivePermission != "denyAll" && p.RedrivePermission != "byQueue":
		reason = "redrivePermission must be one of allowAll, denyAll and byQueue."
	case p.RedrivePermission == "byQueue" && (len(p.SourceQueueArns) == 0 || len(p.SourceQueueArns) > 10):
		reason = "With redrivePermission byQueue, sourceQueueArns must hold 1 to 10 ARNs."
	case p.RedrivePermission != "byQueue" && p.SourceQueueArns != nil:
		reason = "sourceQueueArns can be given only with redrivePermission byQueue."
	}
	for _, a := range p.SourceQueueArns {
		if _, ok := address.OfARN(a); !ok && reason == "" {
			reason = "Invalid value in sourceQueueArns: " + a + "."
		}
	}
	if reason != "" {
		return refuse.Value(text, redriveAllowPolicy, reason)
	}
	return nil
}

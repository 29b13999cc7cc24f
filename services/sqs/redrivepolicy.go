package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
)

// redrivePolicy is the attribute RedrivePolicy of a source queue.
type redrivePolicy struct {
	target address // the dead-letter queue
	arn    string
	max    int // receives; at the next one the message is moved
}

// parseRedrivePolicy reads the attribute, or says why it will not do.
func parseRedrivePolicy(text string) (p *redrivePolicy, reason string) {
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
	p = new(redrivePolicy)
	var ok bool
	if json.Unmarshal(members["deadLetterTargetArn"], &p.arn) == nil {
		p.target, ok = addressOfARN(p.arn)
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
	p.max = n
	return p, ""
}

// checkRedrivePolicy validates the policy for a source queue: the dead-letter
// queue exists in the same account and region, is of the same type, and allows
// this source.
func (s *Service) checkRedrivePolicy(source address, fifo bool, text string) error {
	if text == "" {
		return nil
	}
	p, reason := parseRedrivePolicy(text)
	if reason == "" {
		reason = s.refuses(source, fifo, p.target)
	}
	if reason != "" {
		return invalidValue(text, QueueAttributeNameRedrivePolicy, reason)
	}
	return nil
}

// refuses says why a queue cannot be the dead-letter queue of source, or "".
func (s *Service) refuses(source address, fifo bool, target address) string {
	if target.account != source.account || target.region != source.region {
		return "Dead-letter queue must be in the same account and region as the source."
	}
	q := s.store.find(target)
	if q == nil {
		return "Dead letter target does not exist."
	}
	now := q.now.Load()
	if now.fifo != fifo {
		return "Dead-letter queue must be same type of queue as the source."
	}
	if text := now.Attributes[QueueAttributeNameRedriveAllowPolicy]; text != "" {
		var allow redriveAllowPolicy
		if json.Unmarshal([]byte(text), &allow) == nil && !allow.allows(source) {
			return "Queue " + source.name + " is not allowed to use " + target.arn() + " as its dead-letter queue by that queue's redrive allow policy."
		}
	}
	return ""
}

// redriveAllowPolicy is the attribute RedriveAllowPolicy of a dead-letter queue.
type redriveAllowPolicy struct {
	RedrivePermission string   `json:"redrivePermission"`
	SourceQueueArns   []string `json:"sourceQueueArns"`
}

func (p redriveAllowPolicy) allows(source address) bool {
	switch p.RedrivePermission {
	case "denyAll":
		return false
	case "byQueue":
		return slices.Contains(p.SourceQueueArns, source.arn())
	}
	return true
}

func checkRedriveAllowPolicy(text string) error {
	if text == "" {
		return nil
	}
	reason := ""
	var p redriveAllowPolicy
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
		if _, ok := addressOfARN(a); !ok && reason == "" {
			reason = "Invalid value in sourceQueueArns: " + a + "."
		}
	}
	if reason != "" {
		return invalidValue(text, QueueAttributeNameRedriveAllowPolicy, reason)
	}
	return nil
}

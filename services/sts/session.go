package sts

import (
	"strings"

	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/wire"
)

// maxSessionPolicy is how many characters a session's own policy may have, and
// maxPolicyARNs how many managed policies it may name (API reference, AssumeRole).
const (
	maxSessionPolicy = 2048
	maxPolicyARNs    = 10
)

// session is what a request says of the session beyond its name; nil where that
// is nothing.
func (s *Service) session(account string, in *AssumeRoleInput) (*wire.Session, error) {
	if in.Policy == nil && len(in.PolicyArns) == 0 && len(in.Tags) == 0 {
		return nil, nil
	}
	session := &wire.Session{}
	if in.Policy != nil {
		if len(*in.Policy) > maxSessionPolicy {
			return nil, wire.Errorf(CodePackedPolicyTooLargeException, "Packed size of policy consumes %d%% of allotted space, please use smaller policy.", len(*in.Policy)*100/maxSessionPolicy)
		}
		if _, err := policy.Parse([]byte(*in.Policy), policy.Identity); err != nil {
			return nil, wire.Errorf(CodeMalformedPolicyDocumentException, "%s", err)
		}
		session.Policies = append(session.Policies, *in.Policy)
	}
	if len(in.PolicyArns) > maxPolicyARNs {
		return nil, wire.Errorf(wire.CodeQueryValidation, "A session can have at most %d managed policies, not %d", maxPolicyARNs, len(in.PolicyArns))
	}
	for _, p := range in.PolicyArns {
		document, ok := "", false
		if s.Identities != nil && p.Arn != nil {
			document, ok = s.Identities.PolicyDocument(account, *p.Arn)
		}
		if !ok {
			return nil, wire.Errorf(CodeMalformedPolicyDocumentException, "Invalid policyArn: %s", wire.Value(p.Arn))
		}
		session.Policies = append(session.Policies, document)
	}
	seen := map[string]bool{}
	for _, t := range in.Tags {
		folded := strings.ToLower(*t.Key)
		if seen[folded] {
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[folded] = true
		if session.Tags == nil {
			session.Tags = map[string]string{}
		}
		session.Tags[*t.Key] = *t.Value
	}
	return session, nil
}

// packedSize is how much of what a session may carry its policy and tags take, in
// percent; absent where it has neither. AWS packs them in a way that it does not
// tell; here they count as they are written.
func packedSize(in *AssumeRoleInput) *int32 {
	size := len(wire.Value(in.Policy))
	for _, p := range in.PolicyArns {
		size += len(wire.Value(p.Arn))
	}
	for _, t := range in.Tags {
		size += len(*t.Key) + len(*t.Value)
	}
	if size == 0 {
		return nil
	}
	return new(int32(min(max(size*100/maxSessionPolicy, 1), 100)))
}

package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// attach attaches a managed policy; one that is attached already stays so.
func (s *Service) attach(ctx context.Context, k kind, name, policyARN string) error {
	return s.change(ctx, k, name, func(i *identity) error {
		if err := i.modifiable(); err != nil {
			return err
		}
		p, err := s.policy(ctx, policyARN)
		if err != nil {
			return attachable(policyARN, err)
		}
		if slices.Contains(i.Attached, p.arn()) {
			return nil
		}
		if len(i.Attached) >= maxAttached {
			return exceeded("Cannot exceed quota for PoliciesPer%s: %d", strings.ToUpper(string(k[:1]))+string(k[1:]), maxAttached)
		}
		i.Attached = append(slices.Clone(i.Attached), p.arn())
		return nil
	})
}

// attachable words why a policy cannot be attached.
func attachable(policyARN string, err error) error {
	if wire.IsCode(err, CodeNoSuchEntityException) {
		return noEntity("Policy %s does not exist or is not attachable.", policyARN)
	}
	if !strings.HasPrefix(policyARN, "arn:") {
		return invalidInput("ARN %s is not valid.", policyARN)
	}
	return err
}

func (s *Service) detach(ctx context.Context, k kind, name, policyARN string) error {
	return s.change(ctx, k, name, func(i *identity) error {
		if err := i.modifiable(); err != nil {
			return err
		}
		n := slices.Index(i.Attached, policyARN)
		if n < 0 {
			return noEntity("Policy %s was not found.", policyARN)
		}
		i.Attached = slices.Delete(slices.Clone(i.Attached), n, n+1)
		return nil
	})
}

// attached lists the managed policies of an identity, in the order of their names.
func (s *Service) attached(ctx context.Context, k kind, name string, prefix *string, limit *int32, marker *string) (rows []AttachedPolicy, truncated bool, next *string, err error) {
	i, err := s.identity(ctx, k, name)
	if err != nil {
		return nil, false, nil, err
	}
	all := []AttachedPolicy{}
	for _, arn := range i.Attached {
		path, policyName := splitPolicyARN(arn)
		if prefix == nil || strings.HasPrefix(path, *prefix) {
			all = append(all, AttachedPolicy{PolicyName: &policyName, PolicyArn: new(arn)})
		}
	}
	byName := func(p AttachedPolicy) string { return *p.PolicyName + "|" + *p.PolicyArn }
	slices.SortFunc(all, func(a, b AttachedPolicy) int { return strings.Compare(byName(a), byName(b)) })
	return page(all, byName, limit, marker)
}

// splitPolicyARN is the path and the name that a policy's ARN holds.
func splitPolicyARN(arn string) (path, name string) {
	_, rest, _ := strings.Cut(arn, ":policy")
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return "/", rest
	}
	return rest[:i+1], rest[i+1:]
}

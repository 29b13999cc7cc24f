package iam

import (
	"reflect"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// things are the members of inputs that name what a request is about, the first
// one that is there deciding, and the kind of thing that they name.
var things = []struct{ member, kind string }{
	{"PolicyArn", ""}, {"OpenIDConnectProviderArn", ""}, {"PolicySourceArn", ""},
	{"InstanceProfileName", "instance-profile"}, {"RoleName", string(role)}, {"GroupName", string(group)}, {"UserName", string(user)},
	{"PolicyName", "policy"},
}

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_awsidentityandaccessmanagementiam): for what it names, on
// "*" for lists of everything.
func (s *Service) Needs(in any, r *wire.Request) []wire.Permission {
	switch in := in.(type) {
	case *AddRoleToInstanceProfileInput:
		return []wire.Permission{
			{Resource: nameARN(r.Account, "instance-profile/"+*in.InstanceProfileName)},
			{Action: "iam:PassRole", Resource: s.resource(r.Account, string(role), *in.RoleName, "/"), Context: map[string][]string{"iam:passedtoservice": {"ec2.amazonaws.com"}}},
		}
	case *AttachRolePolicyInput:
		return s.attaching(r, role, *in.RoleName, *in.PolicyArn)
	case *DetachRolePolicyInput:
		return s.attaching(r, role, *in.RoleName, *in.PolicyArn)
	case *AttachUserPolicyInput:
		return s.attaching(r, user, *in.UserName, *in.PolicyArn)
	case *DetachUserPolicyInput:
		return s.attaching(r, user, *in.UserName, *in.PolicyArn)
	case *AttachGroupPolicyInput:
		return s.attaching(r, group, *in.GroupName, *in.PolicyArn)
	case *DetachGroupPolicyInput:
		return s.attaching(r, group, *in.GroupName, *in.PolicyArn)
	case *CreateOpenIDConnectProviderInput:
		return []wire.Permission{{Resource: nameARN(r.Account, "oidc-provider/"+strings.TrimPrefix(*in.Url, "https://"))}}
	case *CreateServiceLinkedRoleInput:
		path := "/aws-service-role/" + *in.AWSServiceName + "/"
		return []wire.Permission{{
			Resource: s.resource(r.Account, string(role), linkedName(*in.AWSServiceName, in.CustomSuffix), path),
			Context:  map[string][]string{"iam:awsservicename": {*in.AWSServiceName}},
		}}
	}
	v := reflect.ValueOf(in).Elem()
	for _, t := range things {
		m := v.FieldByName(t.member)
		if !m.IsValid() {
			continue
		}
		name, ok := m.Interface().(*string)
		switch {
		case !ok || name == nil && t.kind != string(user):
			return nil
		case name == nil: // the caller itself
			return []wire.Permission{{Resource: r.Principal}}
		case t.kind == "":
			return []wire.Permission{{Resource: *name}}
		}
		path := "/"
		if p := v.FieldByName("Path"); p.IsValid() {
			path = pathOf(p.Interface().(*string))
		}
		return []wire.Permission{{Resource: s.resource(r.Account, t.kind, *name, path)}}
	}
	return nil
}

// resource is the ARN of what has that name, or would have it at that path.
func (s *Service) resource(account, kind, name, path string) string {
	if i := s.identities.Get(key(account, kind, name)); i != nil {
		return i.arn()
	}
	return nameARN(account, kind+path+name)
}

func (s *Service) attaching(r *wire.Request, k kind, name, policyARN string) []wire.Permission {
	return []wire.Permission{{Resource: s.resource(r.Account, string(k), name, "/"), Context: map[string][]string{"iam:policyarn": {policyARN}}}}
}

package resources

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const capabilityIAM = "CAPABILITY_IAM"

func iamTypes() map[string]*Type {
	return map[string]*Type{
		"AWS::IAM::Role": {
			Properties: "RoleName! Path! AssumeRolePolicyDocument* Description ManagedPolicyArns MaxSessionDuration PermissionsBoundary Policies Tags",
			Create:     createRole, Update: updateRole, Delete: deleteRole,
			ID:         func(r *Request) string { return r.name("RoleName", 64) },
			Capability: capabilityIAM, Named: "RoleName",
		},
		"AWS::IAM::Policy": {
			Properties: "PolicyName*! PolicyDocument* Roles Users Groups",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				id := madeUp(r.Stack, r.Logical, r.Token, 64)
				return Made{ID: id, Attributes: map[string]any{"Id": id}}, putInline(ctx, r)
			},
			Update: func(ctx context.Context, r *Request) (Made, error) {
				return Made{ID: r.ID, Attributes: r.Attributes}, putInline(ctx, r)
			},
			Delete: func(ctx context.Context, r *Request) error {
				return deleteInline(ctx, r, r.Properties, map[string]any{})
			},
			Capability: capabilityIAM, Named: "-",
		},
		"AWS::IAM::ManagedPolicy": {
			Properties: "ManagedPolicyName! Path! Description! PolicyDocument* Roles Users Groups",
			Create:     createManaged, Update: updateManaged, Delete: deleteManaged,
			ID: func(r *Request) string {
				path := r.text("Path")
				if path == "" {
					path = "/"
				}
				return "arn:" + r.Partition + ":iam::" + r.Account + ":policy" + path + r.name("ManagedPolicyName", 128)
			},
			Capability: capabilityIAM, Named: "ManagedPolicyName",
		},
	}
}

func createRole(ctx context.Context, r *Request) (Made, error) {
	name := r.name("RoleName", 64)
	in := with(r.only("Path", "AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "PermissionsBoundary"), "RoleName", name)
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagList(tags)
	}
	if _, err := r.Call(ctx, "iam", "CreateRole", in); err != nil {
		return Made{}, err
	}
	return describeRole(ctx, r, name, rolePolicies(ctx, r, name))
}

func describeRole(ctx context.Context, r *Request, name string, err error) (Made, error) {
	made := Made{ID: name, Attributes: map[string]any{}}
	if err != nil {
		return made, err
	}
	out, err := r.Call(ctx, "iam", "GetRole", map[string]any{"RoleName": name})
	if role, ok := out["Role"].(map[string]any); ok {
		made.Attributes["Arn"], made.Attributes["RoleId"] = role["Arn"], role["RoleId"]
	}
	return made, err
}

// rolePolicies makes a role's policies those of its properties.
func rolePolicies(ctx context.Context, r *Request, name string) error {
	before, now := texts(r.Previous["ManagedPolicyArns"]), texts(r.Properties["ManagedPolicyArns"])
	for _, arn := range less(before, now) {
		if _, err := r.Call(ctx, "iam", "DetachRolePolicy", map[string]any{"RoleName": name, "PolicyArn": arn}); err != nil && !Gone(err) {
			return err
		}
	}
	for _, arn := range now {
		if _, err := r.Call(ctx, "iam", "AttachRolePolicy", map[string]any{"RoleName": name, "PolicyArn": arn}); err != nil {
			return err
		}
	}
	var names []string
	for _, p := range objects(r.Properties["Policies"]) {
		names = append(names, textOf(p["PolicyName"]))
		in := map[string]any{"RoleName": name, "PolicyName": p["PolicyName"], "PolicyDocument": p["PolicyDocument"]}
		if _, err := r.Call(ctx, "iam", "PutRolePolicy", in); err != nil {
			return err
		}
	}
	for _, p := range objects(r.Previous["Policies"]) {
		if old := textOf(p["PolicyName"]); !slices.Contains(names, old) {
			if _, err := r.Call(ctx, "iam", "DeleteRolePolicy", map[string]any{"RoleName": name, "PolicyName": old}); err != nil && !Gone(err) {
				return err
			}
		}
	}
	return nil
}

func updateRole(ctx context.Context, r *Request) (Made, error) {
	calls := []struct {
		operation string
		in        map[string]any
	}{
		{"UpdateAssumeRolePolicy", r.only("AssumeRolePolicyDocument=PolicyDocument")},
		{"UpdateRole", map[string]any{"Description": r.text("Description"), "MaxSessionDuration": r.Properties["MaxSessionDuration"]}},
	}
	if calls[1].in["MaxSessionDuration"] == nil {
		calls[1].in["MaxSessionDuration"] = 3600
	}
	if boundary, ok := r.Properties["PermissionsBoundary"]; ok {
		calls = append(calls, struct {
			operation string
			in        map[string]any
		}{"PutRolePermissionsBoundary", map[string]any{"PermissionsBoundary": boundary}})
	} else if r.Previous["PermissionsBoundary"] != nil {
		calls = append(calls, struct {
			operation string
			in        map[string]any
		}{"DeleteRolePermissionsBoundary", map[string]any{}})
	}
	for _, c := range calls {
		if _, err := r.Call(ctx, "iam", c.operation, with(c.in, "RoleName", r.ID)); err != nil {
			return Made{}, err
		}
	}
	if err := rolePolicies(ctx, r, r.ID); err != nil {
		return Made{}, err
	}
	return describeRole(ctx, r, r.ID, r.retag(ctx, tagging{service: "iam", tag: "TagRole", untag: "UntagRole", of: "RoleName", keys: "TagKeys", list: true}, r.ID))
}

func deleteRole(ctx context.Context, r *Request) error {
	for _, arn := range texts(r.Properties["ManagedPolicyArns"]) {
		if _, err := r.Call(ctx, "iam", "DetachRolePolicy", map[string]any{"RoleName": r.ID, "PolicyArn": arn}); err != nil && !Gone(err) {
			return err
		}
	}
	for _, p := range objects(r.Properties["Policies"]) {
		if _, err := r.Call(ctx, "iam", "DeleteRolePolicy", map[string]any{"RoleName": r.ID, "PolicyName": p["PolicyName"]}); err != nil && !Gone(err) {
			return err
		}
	}
	_, err := r.Call(ctx, "iam", "DeleteRole", map[string]any{"RoleName": r.ID})
	return err
}

// principals are the kinds of identities that policies belong to.
var principals = []struct{ property, kind, member string }{{"Roles", "Role", "RoleName"}, {"Users", "User", "UserName"}, {"Groups", "Group", "GroupName"}}

func putInline(ctx context.Context, r *Request) error {
	n := 0
	for _, p := range principals {
		for _, name := range texts(r.Properties[p.property]) {
			n++
			if _, err := r.Call(ctx, "iam", "Put"+p.kind+"Policy", with(r.only("PolicyName", "PolicyDocument"), p.member, name)); err != nil {
				return err
			}
		}
	}
	if n == 0 {
		return fmt.Errorf("At least one of [Groups,Roles,Users] must be non-empty.")
	}
	return deleteInline(ctx, r, r.Previous, r.Properties)
}

// deleteInline takes the policy from those who had it before and have it no more.
func deleteInline(ctx context.Context, r *Request, before, now map[string]any) error {
	for _, p := range principals {
		for _, name := range less(texts(before[p.property]), texts(now[p.property])) {
			in := with(r.only("PolicyName"), p.member, name)
			if _, err := r.Call(ctx, "iam", "Delete"+p.kind+"Policy", in); err != nil && !Gone(err) {
				return err
			}
		}
	}
	return nil
}

func createManaged(ctx context.Context, r *Request) (Made, error) {
	in := with(r.only("Path", "Description", "PolicyDocument"), "PolicyName", r.name("ManagedPolicyName", 128))
	out, err := r.Call(ctx, "iam", "CreatePolicy", in)
	if err != nil {
		return Made{}, err
	}
	p, _ := out["Policy"].(map[string]any)
	made := Made{ID: textOf(p["Arn"]), Attributes: map[string]any{"PolicyArn": p["Arn"], "PolicyId": p["PolicyId"]}}
	return made, attach(ctx, r, made.ID)
}

// attach attaches a managed policy to those that the properties name alone.
func attach(ctx context.Context, r *Request, arn string) error {
	for _, p := range principals {
		before, now := texts(r.Previous[p.property]), texts(r.Properties[p.property])
		for _, name := range less(now, before) {
			if _, err := r.Call(ctx, "iam", "Attach"+p.kind+"Policy", map[string]any{p.member: name, "PolicyArn": arn}); err != nil {
				return err
			}
		}
		for _, name := range less(before, now) {
			if _, err := r.Call(ctx, "iam", "Detach"+p.kind+"Policy", map[string]any{p.member: name, "PolicyArn": arn}); err != nil && !Gone(err) {
				return err
			}
		}
	}
	return nil
}

func updateManaged(ctx context.Context, r *Request) (Made, error) {
	made := Made{ID: r.ID, Attributes: r.Attributes}
	out, err := r.Call(ctx, "iam", "ListPolicyVersions", map[string]any{"PolicyArn": r.ID})
	if err != nil {
		return made, err
	}
	if versions := objects(out["Versions"]); len(versions) >= 5 { // as many as a policy may have
		slices.SortFunc(versions, func(a, b map[string]any) int {
			return strings.Compare(fmt.Sprintf("%09s", textOf(a["VersionId"])), fmt.Sprintf("%09s", textOf(b["VersionId"])))
		})
		for _, v := range versions {
			if textOf(v["IsDefaultVersion"]) != "true" {
				if _, err := r.Call(ctx, "iam", "DeletePolicyVersion", map[string]any{"PolicyArn": r.ID, "VersionId": v["VersionId"]}); err != nil {
					return made, err
				}
				break
			}
		}
	}
	in := with(with(r.only("PolicyDocument"), "PolicyArn", r.ID), "SetAsDefault", true)
	if _, err := r.Call(ctx, "iam", "CreatePolicyVersion", in); err != nil {
		return made, err
	}
	return made, attach(ctx, r, r.ID)
}

func deleteManaged(ctx context.Context, r *Request) error {
	nobody := *r
	nobody.Previous, nobody.Properties = r.Properties, map[string]any{}
	if err := attach(ctx, &nobody, r.ID); err != nil {
		return err
	}
	out, err := r.Call(ctx, "iam", "ListPolicyVersions", map[string]any{"PolicyArn": r.ID})
	if err != nil {
		return err
	}
	for _, v := range objects(out["Versions"]) {
		if textOf(v["IsDefaultVersion"]) != "true" {
			if _, err := r.Call(ctx, "iam", "DeletePolicyVersion", map[string]any{"PolicyArn": r.ID, "VersionId": v["VersionId"]}); err != nil {
				return err
			}
		}
	}
	_, err = r.Call(ctx, "iam", "DeletePolicy", map[string]any{"PolicyArn": r.ID})
	return err
}

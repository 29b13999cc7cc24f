package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestARoleIsKeptAsItWasMade(t *testing.T) {
	w := newWorld(t)
	boundary := w.policy("boundary")
	made := must(w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{
		RoleName: aws.String("Shop"), Path: aws.String("/team/"), AssumeRolePolicyDocument: aws.String(trust), Description: aws.String("a & b"),
		MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: &boundary, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
	}))(t).Role
	w.Restart()
	r := must(w.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("Shop")}))(t).Role
	if *r.Arn != prefix+"role/team/Shop" || *r.Path != "/team/" || *r.RoleId != *made.RoleId || !strings.HasPrefix(*r.RoleId, "AROA") || len(*r.RoleId) != 21 ||
		!r.CreateDate.Equal(w.now.Now()) || *r.Description != "a & b" || *r.MaxSessionDuration != 7200 || *r.PermissionsBoundary.PermissionsBoundaryArn != boundary ||
		len(r.Tags) != 1 || r.RoleLastUsed == nil {
		t.Errorf("GetRole = %+v", r)
	}
	if strings.ContainsAny(*r.AssumeRolePolicyDocument, `{" `) || decoded(t, r.AssumeRolePolicyDocument) != trust {
		t.Errorf("the trust policy is %s", *r.AssumeRolePolicyDocument)
	}
	listed := must(w.iam.ListRoles(w.ctx, &iam.ListRolesInput{PathPrefix: aws.String("/team/")}))(t).Roles
	if len(listed) != 1 || listed[0].Tags != nil || listed[0].PermissionsBoundary != nil || *listed[0].Description != "a & b" {
		t.Errorf("ListRoles = %+v", listed)
	}
	must(w.iam.UpdateRole(w.ctx, &iam.UpdateRoleInput{RoleName: aws.String("Shop"), Description: aws.String("")}))(t)
	must(w.iam.DeleteRolePermissionsBoundary(w.ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("Shop")}))(t)
	must(w.iam.TagRole(w.ctx, &iam.TagRoleInput{RoleName: aws.String("Shop"), Tags: []types.Tag{{Key: aws.String("TEAM"), Value: aws.String("x")}, {Key: aws.String("b"), Value: aws.String("")}}}))(t)
	must(w.iam.UntagRole(w.ctx, &iam.UntagRoleInput{RoleName: aws.String("Shop"), TagKeys: []string{"b"}}))(t)
	r = must(w.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("shop")}))(t).Role
	if *r.RoleName != "Shop" || *r.Description != "" || *r.MaxSessionDuration != 7200 || r.PermissionsBoundary != nil || len(r.Tags) != 1 || *r.Tags[0].Key != "TEAM" || *r.Tags[0].Value != "x" {
		t.Errorf("after the changes GetRole = %+v", r)
	}
}

func TestWhatIsNotARoleIsRefused(t *testing.T) {
	w := newWorld(t)
	w.role("taken")
	for name, c := range map[string]struct {
		change func(*iam.CreateRoleInput)
		status int
		code   string
		text   string
	}{
		"a name that is taken, in other letters": {func(in *iam.CreateRoleInput) { in.RoleName = aws.String("TAKEN") }, 409, "EntityAlreadyExists", "Role with name TAKEN already exists."},
		"a name with a blank": {func(in *iam.CreateRoleInput) { in.RoleName = aws.String("a b") }, 400, "ValidationError",
			"1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+"},
		"a name of 65 characters": {func(in *iam.CreateRoleInput) { in.RoleName = aws.String(strings.Repeat("a", 65)) }, 400, "ValidationError", "1 validation error detected: Value 'aaaa"},
		"a path without slashes":  {func(in *iam.CreateRoleInput) { in.Path = aws.String("team") }, 400, "ValidationError", "1 validation error detected: Value 'team' at 'path'"},
		"a session of a minute":   {func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(60) }, 400, "ValidationError", "1 validation error detected: Value '60' at 'maxSessionDuration'"},
		"a policy that is none":   {func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String("{") }, 400, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"a policy for others":     {func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String(allow) }, 400, "MalformedPolicyDocument", "Missing required field Principal"},
		"a policy that is too long": {func(in *iam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = aws.String(strings.Replace(trust, "2012-10-17", strings.Repeat("x", 2048), 1))
		}, 409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		"a boundary that is not there": {func(in *iam.CreateRoleInput) { in.PermissionsBoundary = aws.String(prefix + "policy/none") }, 404, "NoSuchEntity", "Scope ARN: " + prefix + "policy/none does not exist or is not attachable."},
		"a tag of AWS's": {func(in *iam.CreateRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}
		}, 400, "InvalidInput", "Tag keys"},
		"a tag told twice": {func(in *iam.CreateRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("A"), Value: aws.String("")}}
		}, 400, "InvalidInput", "Duplicate tag keys found."},
	} {
		t.Run(name, func(t *testing.T) {
			in := &iam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: aws.String(trust)}
			c.change(in)
			_, err := w.iam.CreateRole(w.ctx, in)
			wantError(t, err, c.status, c.code, c.text)
		})
	}
	if all := must(w.iam.ListRoles(w.ctx, &iam.ListRolesInput{}))(t).Roles; len(all) != 1 {
		t.Errorf("what was refused left %d roles", len(all))
	}
}

func TestARoleIsDeletedLast(t *testing.T) {
	w := newWorld(t)
	name, own := aws.String("shop"), aws.String("own")
	w.role(*name)
	policy := w.policy("p")
	must(w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: own, PolicyDocument: aws.String(allow)}))(t)
	must(w.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: &policy}))(t)
	must(w.iam.CreateInstanceProfile(w.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: own}))(t)
	must(w.iam.AddRoleToInstanceProfile(w.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: own, RoleName: name}))(t)
	remove := func() error {
		_, err := w.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: name})
		return err
	}
	wantError(t, remove(), 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	_, err := w.iam.DeletePolicy(w.ctx, &iam.DeletePolicyInput{PolicyArn: &policy})
	wantError(t, err, 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	must(w.iam.DetachRolePolicy(w.ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: &policy}))(t)
	wantError(t, remove(), 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	must(w.iam.DeleteRolePolicy(w.ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: own}))(t)
	wantError(t, remove(), 409, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	must(w.iam.RemoveRoleFromInstanceProfile(w.ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: own, RoleName: name}))(t)
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	wantError(t, remove(), 404, "NoSuchEntity", "The role with name shop cannot be found.")
}

func TestPoliciesInsideARole(t *testing.T) {
	w := newWorld(t)
	w.role("shop")
	name := aws.String("shop")
	put := func(policy, document string) error {
		_, err := w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: &policy, PolicyDocument: &document})
		return err
	}
	for _, policy := range []string{"b", "a", "c", "b"} {
		if err := put(policy, allow); err != nil {
			t.Fatal(err)
		}
	}
	got := must(w.iam.GetRolePolicy(w.ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("b")}))(t)
	if decoded(t, got.PolicyDocument) != allow || strings.Contains(*got.PolicyDocument, "+") || *got.RoleName != "shop" || *got.PolicyName != "b" {
		t.Errorf("GetRolePolicy = %s", *got.PolicyDocument)
	}
	if names := must(w.iam.ListRolePolicies(w.ctx, &iam.ListRolePoliciesInput{RoleName: name}))(t).PolicyNames; !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("ListRolePolicies = %v", names)
	}
	_, err := w.iam.GetRolePolicy(w.ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("x")})
	wantError(t, err, 404, "NoSuchEntity", "The role policy with name x cannot be found.")
	wantError(t, put("d", strings.Replace(allow, "Allow", "Permit", 1)), 400, "MalformedPolicyDocument", "Invalid effect: Permit")
	wantError(t, put("d", strings.Replace(allow, "a+b", strings.Repeat("b", 10240), 1)), 409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role shop")
}

func TestListsComeInPages(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprintf("Role-%d", i))
		w.role(want[i])
	}
	var got []string
	pages := iam.NewListRolesPaginator(w.iam, &iam.ListRolesInput{MaxItems: aws.Int32(3)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		for _, r := range must(pages.NextPage(w.ctx))(t).Roles {
			got = append(got, *r.RoleName)
		}
	}
	if !slices.Equal(got, want) || n != 3 {
		t.Errorf("%d pages: %v", n, got)
	}
	_, err := w.iam.ListRoles(w.ctx, &iam.ListRolesInput{Marker: aws.String("!")})
	wantError(t, err, 400, "ValidationError", "Invalid Marker.")
}

func TestAccountsAreApartAndRegionsAreNot(t *testing.T) {
	w := newWorld(t)
	w.role("shop")
	must(w.client(w.ConfigFor("000000000000", "eu-west-1")).GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("shop")}))(t)
	_, err := w.client(w.ConfigFor("111122223333", "us-east-1")).GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("shop")})
	wantError(t, err, 404, "NoSuchEntity", "The role with name shop cannot be found.")
}

func TestServiceLinkedRolesAreTheServices(t *testing.T) {
	w := newWorld(t)
	in := &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("apidestinations.events.amazonaws.com")}
	r := must(w.iam.CreateServiceLinkedRole(w.ctx, in))(t).Role
	if *r.Arn != prefix+"role/aws-service-role/apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations" {
		t.Errorf("it is %s", *r.Arn)
	}
	_, err := w.iam.CreateServiceLinkedRole(w.ctx, in)
	wantError(t, err, 400, "InvalidInput", "Service role name AWSServiceRoleForAmazonEventBridgeApiDestinations has been taken")
	_, err = w.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: r.RoleName})
	wantError(t, err, 400, "UnmodifiableEntity", "Cannot perform the operation on the protected role")
	_, err = w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: r.RoleName, PolicyName: aws.String("p"), PolicyDocument: aws.String(allow)})
	wantError(t, err, 400, "UnmodifiableEntity", "")
	task := must(w.iam.DeleteServiceLinkedRole(w.ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: r.RoleName}))(t).DeletionTaskId
	if status := must(w.iam.GetServiceLinkedRoleDeletionStatus(w.ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task}))(t).Status; status != types.DeletionTaskStatusTypeSucceeded {
		t.Errorf("Status = %s", status)
	}
}

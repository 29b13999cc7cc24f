package iam_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/signalbox/signalbox/policy"
)

func TestAPolicyHasVersions(t *testing.T) {
	w := newWorld(t)
	arn := w.policy("shop")
	if arn != prefix+"policy/shop" {
		t.Errorf("it is %s", arn)
	}
	create := func(asDefault bool) (string, error) {
		out, err := w.iam.CreatePolicyVersion(w.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(strings.Replace(allow, "Get", "Put", 1)), SetAsDefault: asDefault})
		if err != nil {
			return "", err
		}
		return *out.PolicyVersion.VersionId, nil
	}
	for want, asDefault := range []bool{2: true, 3: false, 4: false, 5: false} {
		if want < 2 {
			continue
		}
		if id := must(create(asDefault))(t); id != fmt.Sprint("v", want) {
			t.Errorf("version %d is %s", want, id)
		}
	}
	_, err := create(true)
	wantError(t, err, 409, "LimitExceeded", "A managed policy can have up to 5 versions.")
	p := must(w.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: &arn}))(t).Policy
	if *p.DefaultVersionId != "v2" || *p.AttachmentCount != 0 || !p.IsAttachable || !strings.HasPrefix(*p.PolicyId, "ANPA") || len(*p.PolicyId) != 21 {
		t.Errorf("GetPolicy = %+v", p)
	}
	v := must(w.iam.GetPolicyVersion(w.ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v1")}))(t).PolicyVersion
	if decoded(t, v.Document) != allow || v.IsDefaultVersion {
		t.Errorf("version v1 = %+v", v)
	}
	var ids []string
	for _, v := range must(w.iam.ListPolicyVersions(w.ctx, &iam.ListPolicyVersionsInput{PolicyArn: &arn}))(t).Versions {
		ids = append(ids, *v.VersionId)
	}
	if !slices.Equal(ids, []string{"v5", "v4", "v3", "v2", "v1"}) {
		t.Errorf("ListPolicyVersions = %v", ids)
	}
	_, err = w.iam.DeletePolicyVersion(w.ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v2")})
	wantError(t, err, 409, "DeleteConflict", "Cannot delete the default version of a policy.")
	_, err = w.iam.DeletePolicy(w.ctx, &iam.DeletePolicyInput{PolicyArn: &arn})
	wantError(t, err, 409, "DeleteConflict", "This policy has more than one version.")
	must(w.iam.SetDefaultPolicyVersion(w.ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v1")}))(t)
	for _, id := range ids[:4] {
		must(w.iam.DeletePolicyVersion(w.ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &id}))(t)
	}
	_, err = w.iam.SetDefaultPolicyVersion(w.ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v2")})
	wantError(t, err, 404, "NoSuchEntity", "Policy "+arn+" version v2 does not exist or is not attachable.")
	if id := must(create(false))(t); id != "v6" {
		t.Errorf("the number of a version that was deleted is given again: %s", id)
	}
	must(w.iam.DeletePolicyVersion(w.ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v6")}))(t)
	must(w.iam.DeletePolicy(w.ctx, &iam.DeletePolicyInput{PolicyArn: &arn}))(t)
	_, err = w.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	wantError(t, err, 404, "NoSuchEntity", "Policy "+arn+" was not found.")
}

func TestPoliciesAreRefusedWhole(t *testing.T) {
	w := newWorld(t)
	w.policy("taken")
	for name, c := range map[string]struct {
		name, document string
		status         int
		code, text     string
	}{
		"a name that is taken":   {"Taken", allow, 409, "EntityAlreadyExists", "A policy called Taken already exists. Duplicate names are not allowed."},
		"a text that is none":    {"new", "x", 400, "MalformedPolicyDocument", "Syntax errors in policy."},
		"a policy of a resource": {"new", strings.Replace(allow, `"Effect"`, `"Principal":"*","Effect"`, 1), 400, "MalformedPolicyDocument", "Policy document should not specify a principal."},
		"one that is too long":   {"new", strings.Replace(allow, "a+b", strings.Repeat("b", 6144), 1), 409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.iam.CreatePolicy(w.ctx, &iam.CreatePolicyInput{PolicyName: &c.name, PolicyDocument: &c.document})
			wantError(t, err, c.status, c.code, c.text)
		})
	}
}

func TestPoliciesOfAWSAreThere(t *testing.T) {
	w := newWorld(t)
	w.role("shop")
	for _, name := range []string{"service-role/AWSLambdaBasicExecutionRole", "AmazonDynamoDBFullAccess", "AWSXRayDaemonWriteAccess", "AdministratorAccess", "PowerUserAccess"} {
		arn := "arn:aws:iam::aws:policy/" + name
		must(w.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("shop"), PolicyArn: &arn}))(t)
	}
	unknown := aws.String("arn:aws:iam::aws:policy/AmazonMakesCoffee")
	_, err := w.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("shop"), PolicyArn: unknown})
	wantError(t, err, 404, "NoSuchEntity", "Policy "+*unknown+" does not exist or is not attachable.")
	_, err = w.iam.CreatePolicyVersion(w.ctx, &iam.CreatePolicyVersionInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"), PolicyDocument: aws.String(allow)})
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:iam::000000000000:root is not authorized to perform: iam:CreatePolicyVersion")

	pages := iam.NewListPoliciesPaginator(w.iam, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws})
	n := 0
	for pages.HasMorePages() {
		for _, p := range must(pages.NextPage(w.ctx))(t).Policies {
			n++
			v := must(w.iam.GetPolicyVersion(w.ctx, &iam.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: p.DefaultVersionId}))(t).PolicyVersion
			if _, err := policy.Parse([]byte(decoded(t, v.Document)), policy.Identity); err != nil {
				t.Errorf("%s: %v", *p.Arn, err)
			}
		}
	}
	if n < 60 {
		t.Errorf("there are %d policies of AWS", n)
	}
	attached := must(w.iam.ListPolicies(w.ctx, &iam.ListPoliciesInput{OnlyAttached: true}))(t).Policies
	if len(attached) != 5 || *attached[0].AttachmentCount != 1 {
		t.Errorf("%d policies are attached", len(attached))
	}
}

func TestAttachmentsAreToldFromBothEnds(t *testing.T) {
	w := newWorld(t)
	w.role("shop")
	w.user("ann")
	must(w.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: aws.String("team")}))(t)
	arn := w.policy("p")
	for range 2 { // a second time changes nothing
		must(w.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("shop"), PolicyArn: &arn}))(t)
	}
	must(w.iam.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: &arn}))(t)
	must(w.iam.AttachGroupPolicy(w.ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("team"), PolicyArn: &arn}))(t)
	must(w.iam.PutUserPermissionsBoundary(w.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("ann"), PermissionsBoundary: &arn}))(t)
	p := must(w.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: &arn}))(t).Policy
	if *p.AttachmentCount != 3 || *p.PermissionsBoundaryUsageCount != 1 {
		t.Errorf("GetPolicy = %d attachments, %d boundaries", *p.AttachmentCount, *p.PermissionsBoundaryUsageCount)
	}
	of := func(filter types.EntityType) string {
		out := must(w.iam.ListEntitiesForPolicy(w.ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: &arn, EntityFilter: filter}))(t)
		return fmt.Sprint(len(out.PolicyRoles), len(out.PolicyUsers), len(out.PolicyGroups))
	}
	if got := []string{of(""), of("Role"), of("Group")}; !slices.Equal(got, []string{"1 1 1", "1 0 0", "0 0 1"}) {
		t.Errorf("ListEntitiesForPolicy = %v", got)
	}
	listed := must(w.iam.ListAttachedRolePolicies(w.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("shop")}))(t).AttachedPolicies
	if len(listed) != 1 || *listed[0].PolicyArn != arn || *listed[0].PolicyName != "p" {
		t.Errorf("ListAttachedRolePolicies = %+v", listed)
	}
	must(w.iam.DetachUserPolicy(w.ctx, &iam.DetachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: &arn}))(t)
	_, err := w.iam.DetachUserPolicy(w.ctx, &iam.DetachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: &arn})
	wantError(t, err, 404, "NoSuchEntity", "Policy "+arn+" was not found.")
	for i := range 9 {
		arn := w.policy(fmt.Sprint("p", i))
		must(w.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("shop"), PolicyArn: &arn}))(t)
	}
	last := w.policy("last")
	_, err = w.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("shop"), PolicyArn: &last})
	wantError(t, err, 409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
}

func TestSimulationsDecideAsRequestsAreDecided(t *testing.T) {
	w := newWorld(t)
	role := w.role("shop")
	must(w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("shop"), PolicyName: aws.String("own"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::shop/*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"shop"}}},{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}]}`)}))(t)
	ask := func(entries ...types.ContextEntry) map[string]string {
		out := must(w.iam.SimulatePrincipalPolicy(w.ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: &role, ActionNames: []string{"s3:GetObject", "s3:DeleteObject"}, ResourceArns: []string{"arn:aws:s3:::shop/a", "arn:aws:s3:::other/a"}, ContextEntries: entries,
		}))(t)
		got := map[string]string{}
		for _, r := range out.EvaluationResults {
			got[*r.EvalActionName+" "+*r.EvalResourceName] = string(r.EvalDecision) + " " + strings.Join(r.MissingContextValues, ",")
		}
		return got
	}
	text := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	if got, want := text(ask()), `{"s3:DeleteObject arn:aws:s3:::other/a":"explicitDeny aws:PrincipalTag/team","s3:DeleteObject arn:aws:s3:::shop/a":"explicitDeny aws:PrincipalTag/team","s3:GetObject arn:aws:s3:::other/a":"implicitDeny aws:PrincipalTag/team","s3:GetObject arn:aws:s3:::shop/a":"implicitDeny aws:PrincipalTag/team"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	with := ask(types.ContextEntry{ContextKeyName: aws.String("aws:PrincipalTag/team"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"shop"}})
	if with["s3:GetObject arn:aws:s3:::shop/a"] != "allowed " || with["s3:GetObject arn:aws:s3:::other/a"] != "implicitDeny " {
		t.Errorf("with the tag: %v", with)
	}
	out := must(w.iam.SimulateCustomPolicy(w.ctx, &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{allow}, ActionNames: []string{"s3:GetObject"}, ResourceArns: []string{"arn:aws:s3:::a+b/x"},
		PermissionsBoundaryPolicyInputList: []string{strings.Replace(allow, "a+b", "c", 1)},
	}))(t).EvaluationResults[0]
	if out.EvalDecision != types.PolicyEvaluationDecisionTypeImplicitDeny || out.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary {
		t.Errorf("beyond the boundary: %+v", out)
	}
	keys := must(w.iam.GetContextKeysForPrincipalPolicy(w.ctx, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: &role}))(t).ContextKeyNames
	if !slices.Equal(keys, []string{"aws:PrincipalTag/team"}) {
		t.Errorf("GetContextKeysForPrincipalPolicy = %v", keys)
	}
}

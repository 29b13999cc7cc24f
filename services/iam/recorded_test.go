package iam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestTheAnswerToACreatedRoleLeavesOutItsSessionDuration(t *testing.T) {
	w := newWorld(t)
	made := must(w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust), MaxSessionDuration: aws.Int32(7200)}))(t).Role
	if made.MaxSessionDuration != nil {
		t.Errorf("CreateRole tells the session duration %d", *made.MaxSessionDuration)
	}
	described := must(w.iam.UpdateRoleDescription(w.ctx, &iam.UpdateRoleDescriptionInput{RoleName: aws.String("r"), Description: aws.String("d")}))(t).Role
	if described.MaxSessionDuration != nil || described.RoleLastUsed != nil || *described.Description != "d" {
		t.Errorf("UpdateRoleDescription = %+v", described)
	}
	if got := must(w.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("r")}))(t).Role; *got.MaxSessionDuration != 7200 {
		t.Errorf("GetRole tells the session duration %d", *got.MaxSessionDuration)
	}
}

func TestWhatIsNoPolicyARNIsNotAttached(t *testing.T) {
	w := newWorld(t)
	w.role("r")
	_, err := w.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("a-name-and-not-an-arn")})
	wantError(t, err, 400, "InvalidInput", "ARN a-name-and-not-an-arn is not valid.")
}

func TestAPolicyWithoutTagsHasAListOfNone(t *testing.T) {
	w := newWorld(t)
	if p := must(w.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: aws.String(w.policy("p"))}))(t).Policy; p.Tags == nil {
		t.Error("GetPolicy leaves the tags out")
	}
}

package dynamodb_test

import (
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const letAnn = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/ann"},"Action":"dynamodb:GetItem","Resource":"*"}]}`

func TestPoliciesOfTablesAndStreamsAreKeptByRevision(t *testing.T) {
	b := start(t)
	in := streamed("orders", types.StreamViewTypeKeysOnly)
	in.ResourcePolicy = new(letAnn)
	b.create(in)
	described, err := b.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: new("orders")})
	if err != nil {
		t.Fatal(err)
	}
	table, stream := described.Table.TableArn, described.Table.LatestStreamArn
	first, err := b.GetResourcePolicy(t.Context(), &sdk.GetResourcePolicyInput{ResourceArn: table})
	if err != nil || *first.Policy != letAnn {
		t.Fatalf("the table was created with the policy %+v, %v", first, err)
	}
	_, err = b.GetResourcePolicy(t.Context(), &sdk.GetResourcePolicyInput{ResourceArn: stream})
	wantError(t, err, "PolicyNotFoundException", "")

	put := func(arn *string, text string, revision *string) (*sdk.PutResourcePolicyOutput, error) {
		return b.PutResourcePolicy(t.Context(), &sdk.PutResourcePolicyInput{ResourceArn: arn, Policy: &text, ExpectedRevisionId: revision})
	}
	same, err := put(table, letAnn, nil)
	if err != nil || *same.RevisionId != *first.RevisionId {
		t.Errorf("the same policy again: %+v, %v", same, err)
	}
	other := letAnn[:len(letAnn)-1] + " }"
	_, err = put(table, other, new("NO_POLICY"))
	wantError(t, err, "PolicyNotFoundException", "ExpectedRevisionId")
	next, err := put(table, other, first.RevisionId)
	if err != nil || *next.RevisionId == *first.RevisionId {
		t.Errorf("another policy: %+v, %v", next, err)
	}
	if _, err := put(stream, letAnn, new("NO_POLICY")); err != nil {
		t.Error(err)
	}
	_, err = put(table, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`, nil)
	wantError(t, err, "ValidationException", "Invalid policy document")
	_, err = put(new(*table+"/index/x"), letAnn, nil)
	wantError(t, err, "ValidationException", "tables and streams")

	for arn, want := range map[string]string{*table: other, *table + "/index/byN": other, *stream: letAnn, *table + "x": ""} {
		if got := b.service.ResourcePolicies(arn); want == "" && got != nil || want != "" && (len(got) != 1 || got[0] != want) {
			t.Errorf("the policies of %s are %q", arn, got)
		}
	}
	for range 2 {
		if _, err := b.DeleteResourcePolicy(t.Context(), &sdk.DeleteResourcePolicyInput{ResourceArn: table}); err != nil {
			t.Error(err)
		}
	}
	_, err = b.GetResourcePolicy(t.Context(), &sdk.GetResourcePolicyInput{ResourceArn: table})
	wantError(t, err, "PolicyNotFoundException", "")
}

func TestWhatNobodyCanMakeIsListedAsNone(t *testing.T) {
	b := start(t)
	if out, err := b.ListBackups(t.Context(), &sdk.ListBackupsInput{}); err != nil || len(out.BackupSummaries) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := b.ListGlobalTables(t.Context(), &sdk.ListGlobalTablesInput{}); err != nil || len(out.GlobalTables) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	_, err := b.CreateBackup(t.Context(), &sdk.CreateBackupInput{TableName: new("orders"), BackupName: new("b")})
	wantError(t, err, "NotImplementedException", "CreateBackup")
	_, err = b.RestoreTableToPointInTime(t.Context(), &sdk.RestoreTableToPointInTimeInput{TargetTableName: new("orders")})
	wantError(t, err, "NotImplementedException", "RestoreTableToPointInTime")
}

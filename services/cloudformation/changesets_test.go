package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func TestAChangeSetTellsWhatItWouldDoAndDoesIt(t *testing.T) {
	h := start(t)
	set := func(name string, kind types.ChangeSetType, template string) *cloudformation.DescribeChangeSetOutput {
		t.Helper()
		if _, err := h.cfn.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String(name), ChangeSetType: kind, TemplateBody: aws.String(template)}); err != nil {
			t.Fatal(err)
		}
		out, err := h.cfn.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String(name)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	execute := func(name string) error {
		_, err := h.cfn.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String(name)})
		return err
	}
	first := set("a", types.ChangeSetTypeCreate, orders)
	if len(first.Changes) != 5 || first.Changes[0].ResourceChange.Action != types.ChangeActionAdd {
		t.Errorf("changes %v", first.Changes)
	}
	if st := h.describe("s"); st.StackStatus != types.StackStatusReviewInProgress {
		t.Errorf("the stack is %s", st.StackStatus)
	}
	if err := execute("a"); err != nil {
		t.Fatal(err)
	}
	h.is("s", types.StackStatusCreateComplete)
	h.refused(execute("a"), "InvalidChangeSetStatus", "cannot be executed")

	second := set("b", types.ChangeSetTypeUpdate, strings.Replace(orders, "  Dead: {Type: AWS::SQS::Queue}", "  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: d}}", 1))
	got := map[string]types.Replacement{}
	for _, c := range second.Changes {
		got[*c.ResourceChange.LogicalResourceId] = c.ResourceChange.Replacement
	}
	if got["Dead"] != types.ReplacementTrue || got["Queue"] != types.ReplacementFalse || len(got) != 4 { // Allow and Rule use attributes of Queue
		t.Errorf("changes %v", got)
	}
	if err := execute("b"); err != nil {
		t.Fatal(err)
	}
	h.is("s", types.StackStatusUpdateComplete)
	same := set("c", types.ChangeSetTypeUpdate, strings.Replace(orders, "  Dead: {Type: AWS::SQS::Queue}", "  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: d}}", 1))
	if same.Status != types.ChangeSetStatusFailed || !strings.Contains(aws.ToString(same.StatusReason), "didn't contain changes") {
		t.Errorf("a change set without changes is %s: %s", same.Status, aws.ToString(same.StatusReason))
	}
}

func TestAnExportInUseCannotBeTakenAway(t *testing.T) {
	h := start(t)
	h.create("orders", orders)
	h.is("orders", types.StackStatusCreateComplete)
	h.create("user", `{"Resources":{"Q":{"Type":"AWS::SQS::Queue","DeletionPolicy":"Retain"}},"Outputs":{"O":{"Value":{"Fn::ImportValue":"orders:queue"}}}}`)
	if got := outputs(h.is("user", types.StackStatusCreateComplete))["O"]; !strings.Contains(got, "orders-Queue-") {
		t.Errorf("imported %q", got)
	}
	_, err := h.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("orders")})
	h.refused(err, "ValidationError", "Export orders:queue cannot be deleted as it is in use by user")
	id := *h.describe("user").StackId
	if _, err := h.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("user")}); err != nil {
		t.Fatal(err)
	}
	h.is(id, types.StackStatusDeleteComplete)
	if events := strings.Join(h.events(id), "\n"); !strings.Contains(events, "Q DELETE_SKIPPED") {
		t.Errorf("what is to be retained was not skipped:\n%s", events)
	}
}

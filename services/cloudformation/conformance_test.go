package cloudformation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func TestTheTextsOfRefusals(t *testing.T) {
	const queue = `"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}`
	for template, want := range map[string]string{
		`{"Resources":{"Q":"x"}}`: "Template format error: Any Resources member must be an object.",
		`{"no value"}`:            "Template format error: JSON not well-formed. (line 1, column 13)",
		"{\n \"Resources\": ":     "Template format error: JSON not well-formed. (line 2, column 15)",
		`{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Extra":1}}}`:       "Invalid template resource property 'Extra'",
		`{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Condition":"C"}}}`: "Template format error: Unresolved condition dependency C in the Resources block of the template",
		`{` + queue + `,"Outputs":{"O":{"Value":null}}}`:                 "[/Outputs/O/Value] 'null' values are not allowed in templates",
		`{` + queue + `,"Outputs":{"O":{}}}`:                             "Template format error: Every Outputs member must contain a Value object",
		`{` + queue + `,"Mappings":{"M":{"a":"b"}}}`:                     "Template format error: Every Mappings member a must be a map",
		`{` + queue + `,"Mappings":{"M":{"a":{"b":{}}}}}`:                "Template format error: Every Mappings attribute must be a String or a List.",
		`{` + queue + `,"Mappings":{"M":{"a":{"b":"c"}}},"Outputs":{"O":{"Value":{"Fn::FindInMap":["M",{"Ref":"AWS::Region"},"b"]}}}}`: "Template error: Unable to get mapping for M::us-east-1::b",
	} {
		h := start(t)
		_, err := h.cfn.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("s"), TemplateBody: aws.String(template)})
		h.refused(err, "ValidationError", want)
	}
	h := start(t)
	_, err := h.cfn.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("no"), TemplateBody: aws.String("{" + queue + "}")})
	h.refused(err, "ValidationError", "Stack [no] does not exist")
	_, err = h.cfn.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("no")})
	h.refused(err, "ValidationError", "Stack [no] does not exist")
	_, err = h.cfn.DescribeStackResource(t.Context(), &cloudformation.DescribeStackResourceInput{StackName: aws.String("no"), LogicalResourceId: aws.String("Q")})
	h.refused(err, "ValidationError", "Stack 'no' does not exist")
	_, err = h.cfn.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{StackName: aws.String("no"), ChangeSetName: aws.String("c")})
	h.refused(err, "ValidationError", "Stack [no] does not exist")
	_, err = h.cfn.DeleteChangeSet(t.Context(), &cloudformation.DeleteChangeSetInput{StackName: aws.String("no"), ChangeSetName: aws.String("c")})
	h.refused(err, "ValidationError", "Stack [no] does not exist")
	_, err = h.cfn.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{ChangeSetName: aws.String("c")})
	h.refused(err, "ValidationError", "StackName is a required parameter.")
}

func TestAStackCreatedWhileUnderReviewVoidsItsChangeSets(t *testing.T) {
	h := start(t)
	const template = `{"Parameters":{"Make":{"Type":"String"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"Make"},"yes"]}},"Resources":{"Q":{"Type":"AWS::SQS::Queue","Condition":"C"}}}`
	parameters := func(v string) []types.Parameter {
		return []types.Parameter{{ParameterKey: aws.String("Make"), ParameterValue: aws.String(v)}}
	}
	set, err := h.cfn.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String("c"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: aws.String(template), Parameters: parameters("no")})
	if err != nil {
		t.Fatal(err)
	}
	describe := func() *cloudformation.DescribeChangeSetOutput {
		t.Helper()
		d, err := h.cfn.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: set.Id})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := describe(); d.ExecutionStatus != types.ExecutionStatusAvailable || len(d.Changes) != 0 || d.Capabilities == nil || d.NotificationARNs == nil || d.RollbackConfiguration == nil {
		t.Errorf("a change set without resources to make is %+v", d)
	}
	_, err = h.cfn.GetTemplateSummary(t.Context(), &cloudformation.GetTemplateSummaryInput{StackName: aws.String("s")})
	h.refused(err, "ValidationError", "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
	if id := h.create("s", template, func(in *cloudformation.CreateStackInput) { in.Parameters = parameters("yes") }); id != *set.StackId {
		t.Errorf("the stack is %s, under review it was %s", id, *set.StackId)
	}
	h.is("s", types.StackStatusCreateComplete)
	if d := describe(); d.ExecutionStatus != types.ExecutionStatusObsolete {
		t.Errorf("the change set is %s", d.ExecutionStatus)
	}
	if _, err := h.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: set.StackId}); err != nil {
		t.Fatal(err)
	}
	h.is(*set.StackId, types.StackStatusDeleteComplete)
	_, err = h.cfn.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: set.StackId, ChangeSetName: aws.String("d"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: aws.String(template), Parameters: parameters("yes")})
	h.refused(err, "ValidationError", "Stack ["+*set.StackId+"] already exists and cannot be created again with the changeSet [d].")
}

func TestAChangeSetNamesTheCausesOfChanges(t *testing.T) {
	h := start(t)
	const template = `{"Parameters":{"Delay":{"Type":"Number","Default":"1"},"Secret":{"Type":"String","Default":"hush","NoEcho":true}},"Resources":{
		"A":{"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":{"Ref":"Delay"},"Tags":[{"Key":"s","Value":{"Ref":"Secret"}}]}},
		"B":{"Type":"AWS::SQS::Queue","Properties":{"Tags":[{"Key":"of","Value":{"Fn::GetAtt":["A","Arn"]}}]}}}}`
	h.create("s", template)
	h.is("s", types.StackStatusCreateComplete)
	if _, err := h.cfn.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String("c"), UsePreviousTemplate: aws.Bool(true), Parameters: []types.Parameter{{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("2")}}}); err != nil {
		t.Fatal(err)
	}
	d, err := h.cfn.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String("c")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range d.Changes {
		for _, why := range c.ResourceChange.Details {
			got = append(got, strings.Join([]string{*c.ResourceChange.LogicalResourceId, *why.Target.Name, string(why.Evaluation), string(why.ChangeSource), aws.ToString(why.CausingEntity)}, " "))
		}
	}
	const want = "A DelaySeconds Static ParameterReference Delay\nA DelaySeconds Dynamic DirectModification \nB Tags Dynamic ResourceAttribute A.Arn"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	events, err := h.cfn.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("s")})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.StackEvents {
		if *e.LogicalResourceId != "A" {
			continue
		}
		var properties struct{ Tags []struct{ Value string } }
		if err := json.Unmarshal([]byte(aws.ToString(e.ResourceProperties)), &properties); err != nil || len(properties.Tags) != 1 || properties.Tags[0].Value != "****" {
			t.Errorf("the event tells the properties %s (%v)", aws.ToString(e.ResourceProperties), err)
		}
	}
}

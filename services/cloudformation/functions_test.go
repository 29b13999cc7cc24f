package cloudformation_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const functions = `
Parameters: {Answer: {Type: String, Default: one}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}}
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: "10"
      Environment: {Variables: {ANSWER: !Ref Answer}}
      Code:
        ZipFile: |
          import os
          def handler(event, context):
              return os.environ["ANSWER"]
  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Hello}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Hello, Name: live, FunctionVersion: !GetAtt Version.Version}}
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Hello.Arn, AuthType: NONE}}
  Public: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Hello, Action: lambda:InvokeFunctionUrl, Principal: "*", FunctionUrlAuthType: NONE}}
  Invoking: {Type: AWS::Lambda::EventInvokeConfig, Properties: {FunctionName: !Ref Hello, Qualifier: $LATEST, MaximumRetryAttempts: 1}}
  Queue: {Type: AWS::SQS::Queue}
  Mapping: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Hello, BatchSize: 5}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP}}
  Integration: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Hello.Arn, PayloadFormatVersion: "2.0"}}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /, Target: !Sub "integrations/${Integration}"}}
  Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true, Tags: {a: b}}}
Outputs:
  Name: {Value: !Ref Hello}
  Url: {Value: !GetAtt Url.FunctionUrl}
  Api: {Value: !GetAtt Api.ApiEndpoint}
`

func TestAStackHoldsFunctionsAndWhatCallsThem(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3")
	}
	h := start(t)
	id := h.create("fn", functions, func(in *cloudformation.CreateStackInput) {
		in.Capabilities = []types.Capability{types.CapabilityCapabilityIam}
	})
	out := outputs(h.is("fn", types.StackStatusCreateComplete))
	if !strings.HasPrefix(out["Url"], "http") || out["Api"] == "" {
		t.Errorf("outputs %v", out)
	}
	answers := func(want string) {
		t.Helper()
		got, err := lambda.NewFromConfig(h.box.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(out["Name"])})
		if err != nil || string(got.Payload) != `"`+want+`"` {
			t.Errorf("got %s, %v, want %q", got.Payload, err, want)
		}
	}
	answers("one")
	if _, err := h.cfn.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String("fn"), UsePreviousTemplate: aws.Bool(true), Parameters: parameters("Answer", "two"), Capabilities: []types.Capability{types.CapabilityCapabilityIam},
	}); err != nil {
		t.Fatal(err)
	}
	h.is("fn", types.StackStatusUpdateComplete)
	answers("two")
	if _, err := h.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("fn")}); err != nil {
		t.Fatal(err)
	}
	h.is(id, types.StackStatusDeleteComplete)
}

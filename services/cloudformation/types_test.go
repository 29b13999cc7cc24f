package cloudformation_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// application has a resource of most types; its pipe carries a table's changes
// to a bus, whose rule sends them to a queue.
const application = `
Parameters:
  Secret: {Type: String, NoEcho: true, MinLength: 3}
  Mode: {Type: String, Default: small, AllowedValues: [small, large]}
Mappings:
  Sizes: {small: {Days: 7}, large: {Days: 30}}
Conditions:
  Large: !Equals [!Ref Mode, large]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: app}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: pipes.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: all
          PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["dynamodb:*", "events:*"], Resource: "*"}]}
  Inline:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: more, Roles: [!Ref Role], PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "sqs:*", Resource: "*"}]}}
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties: {Roles: [!Ref Role], PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "logs:*", Resource: "*"}]}}
  Pipe:
    Type: AWS::Pipes::Pipe
    DependsOn: [Inline, Managed]
    Properties:
      Name: dynamodb-orders-stream
      RoleArn: !GetAtt Role.Arn
      Source: !GetAtt Table.StreamArn
      SourceParameters: {DynamoDBStreamParameters: {StartingPosition: TRIM_HORIZON, BatchSize: "1"}}
      Target: !GetAtt Bus.Arn
      TargetParameters:
        EventBridgeEventBusParameters: {Source: dynamodb.orders, DetailType: changed}
        InputTemplate: '{"eventName": <$.eventName>, "id": <$.dynamodb.NewImage.PK.S>}'
  Queue: {Type: AWS::SQS::Queue, Properties: {FifoQueue: false}}
  Rule:
    Type: AWS::Events::Rule
    Properties: {EventBusName: !Ref Bus, EventPattern: {source: [dynamodb.orders]}, Targets: [{Id: q, Arn: !GetAtt Queue.Arn}]}
  Connection:
    Type: AWS::Events::Connection
    Properties: {AuthorizationType: API_KEY, AuthParameters: {ApiKeyAuthParameters: {ApiKeyName: x-key, ApiKeyValue: !Ref Secret}}}
  Destination:
    Type: AWS::Events::ApiDestination
    Properties: {ConnectionArn: !GetAtt Connection.Arn, HttpMethod: POST, InvocationEndpoint: "https://example.com/", InvocationRateLimitPerSecond: 20}
  Archive: {Type: AWS::Events::Archive, Properties: {SourceArn: !GetAtt Bus.Arn, RetentionDays: !FindInMap [Sizes, !Ref Mode, Days]}}
  Policy:
    Type: AWS::Events::EventBusPolicy
    Properties: {EventBusName: !Ref Bus, StatementId: me, Statement: {Effect: Allow, Principal: {AWS: !Ref "AWS::AccountId"}, Action: events:PutEvents, Resource: !GetAtt Bus.Arn}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !FindInMap [Sizes, !Ref Mode, Days]}}
  Allowed:
    Type: AWS::Logs::ResourcePolicy
    Properties: {PolicyName: p, PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}'}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: orders}}
  Orders: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: orders}}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Orders
      HttpMethod: POST
      AuthorizationType: NONE
      Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'}, IntegrationResponses: [{StatusCode: 200}]}
      MethodResponses: [{StatusCode: 200}]
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Post, Properties: {RestApiId: !Ref Api}}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: dev}}
  Big: {Type: AWS::SQS::Queue, Condition: Large}
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
Outputs:
  Queue: {Value: !Ref Queue}
  Table: {Value: !Ref Table}
  Url: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}"}
  Big: {Condition: Large, Value: !Ref Big}
`

func TestAnApplicationOfManyTypesIsMadeWorksAndIsDeleted(t *testing.T) {
	h := start(t)
	in := &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(application), Parameters: parameters("Secret", "s3cr3t")}
	_, err := h.cfn.CreateStack(t.Context(), in)
	h.refused(err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
	in.Capabilities = []types.Capability{types.CapabilityCapabilityNamedIam}
	created, err := h.cfn.CreateStack(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	st := h.is("app", types.StackStatusCreateComplete)
	out := outputs(st)
	if _, ok := out["Big"]; ok || !strings.HasSuffix(out["Url"], "/dev") {
		t.Errorf("outputs %v", out)
	}
	if !slices.ContainsFunc(st.Parameters, func(p types.Parameter) bool { return *p.ParameterKey == "Secret" && *p.ParameterValue == "****" }) {
		t.Errorf("parameters %v", st.Parameters)
	}
	tables := dynamodb.NewFromConfig(h.box.Config())
	if _, err := tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(out["Table"]), Item: map[string]ddb.AttributeValue{"PK": &ddb.AttributeValueMemberS{Value: "o-1"}}}); err != nil {
		t.Fatal(err)
	}
	got, err := sqs.NewFromConfig(h.box.Config()).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(out["Queue"]), WaitTimeSeconds: 10})
	if err != nil || len(got.Messages) != 1 || !strings.Contains(*got.Messages[0].Body, `"id":"o-1"`) {
		t.Fatalf("received %v, %v", got, err)
	}

	// The larger mode changes what is there and adds what was left out.
	if _, err := h.cfn.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String("app"), UsePreviousTemplate: aws.Bool(true), Capabilities: in.Capabilities,
		Parameters: append(parameters("Mode", "large"), types.Parameter{ParameterKey: aws.String("Secret"), UsePreviousValue: aws.Bool(true)}),
		Tags:       []types.Tag{{Key: aws.String("team"), Value: aws.String("orders")}},
	}); err != nil {
		t.Fatal(err)
	}
	if out := outputs(h.is("app", types.StackStatusUpdateComplete)); out["Big"] == "" {
		t.Errorf("outputs %v; events\n%s", out, strings.Join(h.events("app"), "\n"))
	}
	if _, err := h.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")}); err != nil {
		t.Fatal(err)
	}
	h.is(*created.StackId, types.StackStatusDeleteComplete)
	if list, err := tables.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil || len(list.TableNames) > 0 {
		t.Errorf("tables are left: %v, %v", list, err)
	}
	connections, err := eventbridge.NewFromConfig(h.box.Config()).ListConnections(t.Context(), &eventbridge.ListConnectionsInput{})
	if err != nil || len(connections.Connections) > 0 {
		t.Errorf("connections are left: %v, %v", connections, err)
	}
}

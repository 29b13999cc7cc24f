package dynamodb_test

import (
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestContributorInsightsAreKeptAndTold(t *testing.T) {
	b := start(t)
	b.create(streamed("orders", types.StreamViewTypeKeysOnly))
	update := func(action types.ContributorInsightsAction, index *string) (*sdk.UpdateContributorInsightsOutput, error) {
		return b.UpdateContributorInsights(t.Context(), &sdk.UpdateContributorInsightsInput{TableName: new("orders"), IndexName: index, ContributorInsightsAction: action})
	}
	describe := func() *sdk.DescribeContributorInsightsOutput {
		t.Helper()
		out, err := b.DescribeContributorInsights(t.Context(), &sdk.DescribeContributorInsightsInput{TableName: new("orders")})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := describe(); got.ContributorInsightsStatus != types.ContributorInsightsStatusDisabled || got.LastUpdateDateTime != nil {
		t.Errorf("a new table has %+v", got)
	}
	out, err := update(types.ContributorInsightsActionEnable, nil)
	if err != nil || out.ContributorInsightsStatus != types.ContributorInsightsStatusEnabling || out.ContributorInsightsMode != types.ContributorInsightsModeAccessedAndThrottledKeys {
		t.Errorf("enabling answers %+v, %v", out, err)
	}
	if got := describe(); got.ContributorInsightsStatus != types.ContributorInsightsStatusEnabled || got.LastUpdateDateTime == nil || len(got.ContributorInsightsRuleList) != 0 {
		t.Errorf("once enabled it has %+v", got)
	}
	_, err = update(types.ContributorInsightsActionEnable, new("no-index"))
	wantError(t, err, "ResourceNotFoundException", "")
	list, err := b.ListContributorInsights(t.Context(), &sdk.ListContributorInsightsInput{})
	if err != nil || len(list.ContributorInsightsSummaries) != 1 || *list.ContributorInsightsSummaries[0].TableName != "orders" {
		t.Errorf("the list is %+v, %v", list, err)
	}
	if out, err := update(types.ContributorInsightsActionDisable, nil); err != nil || out.ContributorInsightsStatus != types.ContributorInsightsStatusDisabling {
		t.Errorf("disabling answers %+v, %v", out, err)
	}
	if got := describe(); got.ContributorInsightsStatus != types.ContributorInsightsStatusDisabled {
		t.Errorf("once disabled it has %+v", got)
	}
}

func TestABatchNamesNoMissingKeyOfAnItem(t *testing.T) {
	b := start(t)
	b.create(streamed("orders", types.StreamViewTypeKeysOnly))
	_, err := b.BatchWriteItem(t.Context(), &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
		"orders": {{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{"other": &types.AttributeValueMemberS{Value: "x"}}}}},
	}})
	wantError(t, err, "ValidationException", "The provided key element does not match the schema")
}

func TestDisablingEncryptionAnswersThatItIsUnderWay(t *testing.T) {
	b := start(t)
	in := streamed("orders", types.StreamViewTypeKeysOnly)
	in.SSESpecification = &types.SSESpecification{Enabled: new(true)}
	b.create(in)
	out, err := b.UpdateTable(t.Context(), &sdk.UpdateTableInput{TableName: new("orders"), SSESpecification: &types.SSESpecification{Enabled: new(false)}})
	if err != nil || out.TableDescription.SSEDescription == nil || out.TableDescription.SSEDescription.Status != types.SSEStatusUpdating {
		t.Errorf("got %+v, %v", out, err)
	}
	if d := b.describe("orders"); d.SSEDescription != nil {
		t.Errorf("afterwards the table has %+v", d.SSEDescription)
	}
}

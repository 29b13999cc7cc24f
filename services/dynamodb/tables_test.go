package dynamodb_test

import (
	"fmt"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func (b *bench) describe(name string) *types.TableDescription {
	b.t.Helper()
	out, err := b.DescribeTable(b.t.Context(), &sdk.DescribeTableInput{TableName: &name})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Table
}

func TestATableIsCreatingInTheAnswerAndActiveAfterwards(t *testing.T) {
	b := start(t)
	d := b.create(ordersTable("orders"))
	if d.TableStatus != types.TableStatusCreating || d.GlobalSecondaryIndexes[0].IndexStatus != types.IndexStatusCreating {
		t.Errorf("the answer says %s, its index %s", d.TableStatus, d.GlobalSecondaryIndexes[0].IndexStatus)
	}
	d = b.describe("orders")
	if d.TableStatus != types.TableStatusActive || d.GlobalSecondaryIndexes[0].IndexStatus != types.IndexStatusActive {
		t.Errorf("then it is %s, its index %s", d.TableStatus, d.GlobalSecondaryIndexes[0].IndexStatus)
	}
	if *d.TableArn != "arn:aws:dynamodb:eu-west-1:111122223333:table/orders" {
		t.Errorf("ARN %s", *d.TableArn)
	}
	_, err := b.CreateTable(t.Context(), ordersTable("orders"))
	wantError(t, err, "ResourceInUseException", "Table already exists: orders")
	if _, err := b.DeleteTable(t.Context(), &sdk.DeleteTableInput{TableName: d.TableArn}); err != nil {
		t.Error(err)
	}
	_, err = b.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: new("orders")})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Table: orders not found")
	b.create(ordersTable("orders"))
	if n := *b.describe("orders").ItemCount; n != 0 {
		t.Errorf("a new table of an old name has %d items", n)
	}
}

func TestTablesThatAreRefused(t *testing.T) {
	b := start(t)
	hash := func(name string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &name, KeyType: types.KeyTypeHash}}
	}
	for _, c := range []struct {
		name   string
		change func(*sdk.CreateTableInput)
		want   string
	}{
		{"a short name", func(in *sdk.CreateTableInput) { in.TableName = new("ab") }, "Invalid table/index name."},
		{"a key that is not defined", func(in *sdk.CreateTableInput) { in.KeySchema[0].AttributeName = new("x") }, "Some index key attributes are not defined in AttributeDefinitions. Keys: [x, SK]"},
		{"one attribute for both keys", func(in *sdk.CreateTableInput) { in.KeySchema[1].AttributeName = new("PK") }, "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
		{"the sort key first", func(in *sdk.CreateTableInput) { in.KeySchema[0].KeyType = types.KeyTypeRange }, "The first KeySchemaElement is not a HASH key type"},
		{"an attribute that no key needs", func(in *sdk.CreateTableInput) {
			in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: new("spare"), AttributeType: "S"})
		}, "Some AttributeDefinitions are not used. AttributeDefinitions: [PK, SK, Status, Cents, spare], keys used: [PK, SK, Status, Cents]"},
		{"throughput on demand", func(in *sdk.CreateTableInput) {
			in.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: new(int64(1)), WriteCapacityUnits: new(int64(1))}
		}, "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
		{"no throughput when provisioned", func(in *sdk.CreateTableInput) { in.BillingMode = types.BillingModeProvisioned }, "ReadCapacityUnits and WriteCapacityUnits must both be specified"},
		{"a local index with another partition", func(in *sdk.CreateTableInput) { in.LocalSecondaryIndexes[0].KeySchema[0].AttributeName = new("Status") }, "does not have the same leading hash key as table KeySchema for index: ByCents"},
		{"two indexes of one name", func(in *sdk.CreateTableInput) { in.LocalSecondaryIndexes[0].IndexName = new("ByStatus") }, "Duplicate index name: ByStatus"},
		{"projected attributes of a keys-only index", func(in *sdk.CreateTableInput) {
			in.GlobalSecondaryIndexes[0].Projection.NonKeyAttributes = []string{"x"}
		}, "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified"},
		{"an index without a key", func(in *sdk.CreateTableInput) { in.GlobalSecondaryIndexes[0].KeySchema = []types.KeySchemaElement{} }, "Member must have length greater than or equal to 1"},
		{"a stream without a view", func(in *sdk.CreateTableInput) {
			in.StreamSpecification = &types.StreamSpecification{StreamEnabled: new(true)}
		}, "Stream ViewType must not be null or empty"},
		{"a local index of a table without a sort key", func(in *sdk.CreateTableInput) { in.KeySchema = hash("PK") }, "Table KeySchema does not have a range key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := ordersTable("orders")
			c.change(in)
			_, err := b.CreateTable(t.Context(), in)
			wantError(t, err, "ValidationException", c.want)
		})
	}
	if out, err := b.ListTables(t.Context(), &sdk.ListTablesInput{}); err != nil || len(out.TableNames) != 0 {
		t.Errorf("tables %v, %v after nothing but refusals", out.TableNames, err)
	}
}

func byTotal() *sdk.UpdateTableInput {
	return &sdk.UpdateTableInput{
		TableName:            new("orders"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: new("Weight"), AttributeType: "N"}},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: new("ByWeight"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			KeySchema: []types.KeySchemaElement{{AttributeName: new("Weight"), KeyType: types.KeyTypeHash}},
		}}},
	}
}

// waitActive waits until the table is active: the index is built meanwhile.
func (b *bench) waitActive(name string) {
	b.t.Helper()
	for b.describe(name).TableStatus != types.TableStatusActive {
		if b.t.Context().Err() != nil {
			b.t.Fatal("the table does not become active")
		}
	}
}

func TestAnIndexIsFilledWithWhatTheTableHolds(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	type parcel struct {
		PK     string
		SK     int
		Weight any
	}
	for i := range 600 {
		b.put("orders", parcel{"p", i, i % 3})
	}
	b.put("orders", parcel{"p", 1000, "heavy"}) // of another type: not in the index
	out, err := b.UpdateTable(t.Context(), byTotal())
	if err != nil {
		t.Fatal(err)
	}
	if s := out.TableDescription.TableStatus; s != types.TableStatusUpdating {
		t.Errorf("the answer says %s", s)
	}
	b.waitActive("orders")
	for range 2 {
		got, err := b.Query(t.Context(), &sdk.QueryInput{
			TableName: new("orders"), IndexName: new("ByWeight"), KeyConditionExpression: new("Weight = :w"), Select: types.SelectCount,
			ExpressionAttributeValues: map[string]types.AttributeValue{":w": &types.AttributeValueMemberN{Value: "1"}},
		})
		if err != nil || got.Count != 200 {
			t.Fatalf("%+v, %v; want 200 items", got, err)
		}
		b.restart()
	}
	_, err = b.PutItem(t.Context(), &sdk.PutItemInput{TableName: new("orders"), Item: marshal(t, parcel{"p", 1, "light"})})
	wantError(t, err, "ValidationException", "Type mismatch for Index Key Weight Expected: N Actual: S IndexName: ByWeight")
	drop := &sdk.UpdateTableInput{TableName: new("orders"), GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{
		{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: new("ByWeight")}},
	}}
	if _, err := b.UpdateTable(t.Context(), drop); err != nil {
		t.Fatal(err)
	}
	if d := b.describe("orders"); len(d.GlobalSecondaryIndexes) != 1 || len(d.AttributeDefinitions) != 4 {
		t.Errorf("the index is gone, and left %d indexes and %d attributes", len(d.GlobalSecondaryIndexes), len(d.AttributeDefinitions))
	}
	_, err = b.UpdateTable(t.Context(), drop)
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found")
}

func TestOneIndexIsCreatedOrDeletedAtATime(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	in := byTotal()
	in.GlobalSecondaryIndexUpdates = append(in.GlobalSecondaryIndexUpdates, types.GlobalSecondaryIndexUpdate{
		Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: new("ByStatus")},
	})
	_, err := b.UpdateTable(t.Context(), in)
	wantError(t, err, "LimitExceededException", "Only 1 online index can be created or deleted simultaneously per table")
}

func TestBillingModes(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	units := &types.ProvisionedThroughput{ReadCapacityUnits: new(int64(5)), WriteCapacityUnits: new(int64(6))}
	in := &sdk.UpdateTableInput{TableName: new("orders"), BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: units}
	_, err := b.UpdateTable(t.Context(), in)
	wantError(t, err, "ValidationException", "ProvisionedThroughput must be specified for index: ByStatus")
	in.GlobalSecondaryIndexUpdates = []types.GlobalSecondaryIndexUpdate{{Update: &types.UpdateGlobalSecondaryIndexAction{IndexName: new("ByStatus"), ProvisionedThroughput: units}}}
	if _, err := b.UpdateTable(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	d := b.describe("orders")
	if *d.ProvisionedThroughput.WriteCapacityUnits != 6 || *d.GlobalSecondaryIndexes[0].ProvisionedThroughput.ReadCapacityUnits != 5 {
		t.Errorf("throughput %+v", d.ProvisionedThroughput)
	}
	_, err = b.UpdateTable(t.Context(), &sdk.UpdateTableInput{TableName: new("orders"), ProvisionedThroughput: units})
	wantError(t, err, "ValidationException", "The requested value equals the current value")
	_, err = b.UpdateTable(t.Context(), &sdk.UpdateTableInput{TableName: new("orders")})
	wantError(t, err, "ValidationException", "At least one of ProvisionedThroughput")
}

func TestDeletionProtectionTagsAndRecoveryAreKept(t *testing.T) {
	b := start(t)
	in := ordersTable("orders")
	in.DeletionProtectionEnabled = new(true)
	in.Tags = []types.Tag{{Key: new("team"), Value: new("shop")}, {Key: new("x"), Value: new("")}}
	in.SSESpecification = &types.SSESpecification{Enabled: new(true)}
	in.TableClass = types.TableClassStandardInfrequentAccess
	arn := b.create(in).TableArn
	_, err := b.DeleteTable(t.Context(), &sdk.DeleteTableInput{TableName: new("orders")})
	wantError(t, err, "ValidationException", "currently protected against deletion")
	if _, err := b.UntagResource(t.Context(), &sdk.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UpdateContinuousBackups(t.Context(), &sdk.UpdateContinuousBackupsInput{
		TableName: new("orders"), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: new(true)},
	}); err != nil {
		t.Fatal(err)
	}
	b.restart()
	tags, err := b.ListTagsOfResource(t.Context(), &sdk.ListTagsOfResourceInput{ResourceArn: arn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "shop" {
		t.Errorf("tags %+v, %v", tags, err)
	}
	backups, err := b.DescribeContinuousBackups(t.Context(), &sdk.DescribeContinuousBackupsInput{TableName: new("orders")})
	if err != nil {
		t.Fatal(err)
	}
	if r := backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription; r.PointInTimeRecoveryStatus != "ENABLED" || *r.RecoveryPeriodInDays != 35 {
		t.Errorf("recovery %+v", r)
	}
	if d := b.describe("orders"); d.SSEDescription.SSEType != "KMS" || d.TableClassSummary.TableClass != types.TableClassStandardInfrequentAccess {
		t.Errorf("encryption %+v, class %+v", d.SSEDescription, d.TableClassSummary)
	}
}

func TestTablesAreListedByPages(t *testing.T) {
	b := start(t)
	for i := range 5 {
		b.create(ordersTable(fmt.Sprint("table", i)))
	}
	got := ""
	for p := sdk.NewListTablesPaginator(b.Client, &sdk.ListTablesInput{Limit: new(int32(2))}); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got += fmt.Sprint(out.TableNames)
	}
	if want := "[table0 table1][table2 table3][table4]"; got != want {
		t.Errorf("pages %s, want %s", got, want)
	}
}

func TestItemsGoWhenTheirTimeToLiveIsOver(t *testing.T) {
	b := start(t)
	in := ordersTable("orders")
	in.StreamSpecification = &types.StreamSpecification{StreamEnabled: new(true), StreamViewType: types.StreamViewTypeOldImage}
	b.create(in)
	type session struct {
		PK      string
		SK      int
		Expires any
	}
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	b.put("orders", session{"before", 1, at(time.Minute)}) // written before it is enabled
	if _, err := b.UpdateTimeToLive(t.Context(), &sdk.UpdateTimeToLiveInput{
		TableName: new("orders"), TimeToLiveSpecification: &types.TimeToLiveSpecification{Enabled: new(true), AttributeName: new("Expires")},
	}); err != nil {
		t.Fatal(err)
	}
	b.put("orders", session{"soon", 1, at(time.Minute)})
	b.put("orders", session{"later", 1, at(time.Hour)})
	b.put("orders", session{"text", 1, "soon"})
	b.put("orders", session{"long ago", 1, at(-6 * 365 * 24 * time.Hour)})
	b.put("orders", session{"extended", 1, at(time.Minute)})
	b.put("orders", session{"extended", 1, at(time.Hour)})
	left := func() string {
		out, err := b.Scan(t.Context(), &sdk.ScanInput{TableName: new("orders")})
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, it := range out.Items {
			names[it["PK"].(*types.AttributeValueMemberS).Value] = true
		}
		return fmt.Sprint(names)
	}
	sweep := func(d time.Duration) {
		b.clock.Advance(d)
		if err := b.service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep(30 * time.Second)
	if got, want := left(), "map[before:true extended:true later:true long ago:true soon:true text:true]"; got != want {
		t.Errorf("after 30 s: %s", got)
	}
	sweep(31 * time.Second)
	if got, want := left(), "map[extended:true later:true long ago:true text:true]"; got != want {
		t.Errorf("after a minute: %s", got)
	}
	sweep(time.Hour)
	if got, want := left(), "map[long ago:true text:true]"; got != want {
		t.Errorf("after an hour: %s", got)
	}
	expired := 0
	for _, r := range b.records("orders") {
		if r.UserIdentity != nil && *r.UserIdentity.PrincipalId == "dynamodb.amazonaws.com" && r.EventName == "REMOVE" {
			expired++
		}
	}
	if expired != 4 {
		t.Errorf("%d records tell of items that expired, want 4", expired)
	}
}

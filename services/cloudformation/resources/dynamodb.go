package resources

import (
	"context"
	"fmt"
)

func dynamodbTypes() map[string]*Type {
	return map[string]*Type{
		"AWS::DynamoDB::Table": {
			Properties: "TableName! KeySchema*! AttributeDefinitions LocalSecondaryIndexes! GlobalSecondaryIndexes BillingMode ProvisionedThroughput StreamSpecification " +
				"SSESpecification TableClass DeletionProtectionEnabled PointInTimeRecoverySpecification TimeToLiveSpecification Tags",
			Create: createTable, Update: updateTable, Delete: deleteTable,
			ID: func(r *Request) string { return r.name("TableName", 255) },
		},
	}
}

// streamOf is a table's stream as the API takes it: CloudFormation leaves out
// that it is enabled.
func streamOf(properties map[string]any) map[string]any {
	spec, ok := properties["StreamSpecification"].(map[string]any)
	if !ok {
		return nil
	}
	return map[string]any{"StreamEnabled": true, "StreamViewType": spec["StreamViewType"]}
}

func createTable(ctx context.Context, r *Request) (Made, error) {
	name := r.name("TableName", 255)
	in := with(r.only("KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "BillingMode", "ProvisionedThroughput", "TableClass", "DeletionProtectionEnabled"), "TableName", name)
	if stream := streamOf(r.Properties); stream != nil {
		in["StreamSpecification"] = stream
	}
	if sse, ok := r.Properties["SSESpecification"].(map[string]any); ok {
		in["SSESpecification"] = map[string]any{"Enabled": sse["SSEEnabled"], "SSEType": sse["SSEType"], "KMSMasterKeyId": sse["KMSMasterKeyId"]}
	}
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagList(tags)
	}
	if _, err := r.Call(ctx, "dynamodb", "CreateTable", in); err != nil {
		return Made{}, err
	}
	return tableReady(ctx, r, name)
}

// tableReady waits for a table, and makes its time to live and its backups what
// the properties say.
func tableReady(ctx context.Context, r *Request, name string) (Made, error) {
	made := Made{ID: name, Attributes: map[string]any{}}
	if err := tableSettled(ctx, r, &made); err != nil {
		return made, err
	}
	if ttl, ok := r.Properties["TimeToLiveSpecification"].(map[string]any); ok && !same(ttl, r.Previous["TimeToLiveSpecification"]) {
		if _, err := r.Call(ctx, "dynamodb", "UpdateTimeToLive", map[string]any{"TableName": name, "TimeToLiveSpecification": ttl}); err != nil {
			return made, err
		}
	} else if old, had := r.Previous["TimeToLiveSpecification"].(map[string]any); had && !ok {
		off := map[string]any{"AttributeName": old["AttributeName"], "Enabled": false}
		if _, err := r.Call(ctx, "dynamodb", "UpdateTimeToLive", map[string]any{"TableName": name, "TimeToLiveSpecification": off}); err != nil {
			return made, err
		}
	}
	if backups, ok := r.Properties["PointInTimeRecoverySpecification"]; ok && !same(backups, r.Previous["PointInTimeRecoverySpecification"]) {
		if _, err := r.Call(ctx, "dynamodb", "UpdateContinuousBackups", map[string]any{"TableName": name, "PointInTimeRecoverySpecification": backups}); err != nil {
			return made, err
		}
	}
	return made, nil
}

func same(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func tableSettled(ctx context.Context, r *Request, made *Made) error {
	return r.until(ctx, func() (bool, error) {
		out, err := r.Call(ctx, "dynamodb", "DescribeTable", map[string]any{"TableName": made.ID})
		if err != nil {
			return false, err
		}
		t, _ := out["Table"].(map[string]any)
		made.Attributes["Arn"] = t["TableArn"]
		if stream := textOf(t["LatestStreamArn"]); stream != "" {
			made.Attributes["StreamArn"] = stream
		}
		if textOf(t["TableStatus"]) != "ACTIVE" {
			return false, nil
		}
		for _, index := range objects(t["GlobalSecondaryIndexes"]) {
			if textOf(index["IndexStatus"]) != "ACTIVE" {
				return false, nil
			}
		}
		return true, nil
	})
}

// updateTable makes the changes one after the other, as the API wants it.
func updateTable(ctx context.Context, r *Request) (Made, error) {
	made := Made{ID: r.ID, Attributes: map[string]any{}}
	update := func(in map[string]any) error {
		if len(in) == 0 {
			return nil
		}
		if _, err := r.Call(ctx, "dynamodb", "UpdateTable", with(in, "TableName", r.ID)); err != nil {
			return err
		}
		return tableSettled(ctx, r, &made)
	}
	plain := map[string]any{}
	for _, name := range []string{"BillingMode", "ProvisionedThroughput", "TableClass", "DeletionProtectionEnabled"} {
		if v, ok := r.Properties[name]; ok && !same(v, r.Previous[name]) {
			plain[name] = v
		}
	}
	if err := update(plain); err != nil {
		return made, err
	}
	if before, now := streamOf(r.Previous), streamOf(r.Properties); !same(before, now) {
		if before != nil {
			if err := update(map[string]any{"StreamSpecification": map[string]any{"StreamEnabled": false}}); err != nil {
				return made, err
			}
		}
		if now != nil {
			if err := update(map[string]any{"StreamSpecification": now}); err != nil {
				return made, err
			}
		}
	}
	before, now := indexes(r.Previous), indexes(r.Properties)
	for name, old := range before {
		if next := now[name]; next == nil || !same(old, next) {
			if err := update(map[string]any{"GlobalSecondaryIndexUpdates": []any{map[string]any{"Delete": map[string]any{"IndexName": name}}}}); err != nil {
				return made, err
			}
		}
	}
	for name, next := range now {
		if old := before[name]; old == nil || !same(old, next) {
			in := map[string]any{"GlobalSecondaryIndexUpdates": []any{map[string]any{"Create": next}}, "AttributeDefinitions": r.Properties["AttributeDefinitions"]}
			if err := update(in); err != nil {
				return made, err
			}
		}
	}
	if err := r.retag(ctx, tagging{service: "dynamodb", tag: "TagResource", untag: "UntagResource", of: "ResourceArn", keys: "TagKeys", list: true}, r.arn("dynamodb", "table/"+r.ID)); err != nil {
		return made, err
	}
	return tableReady(ctx, r, r.ID)
}

func indexes(properties map[string]any) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, index := range objects(properties["GlobalSecondaryIndexes"]) {
		all[textOf(index["IndexName"])] = index
	}
	return all
}

func deleteTable(ctx context.Context, r *Request) error {
	if _, err := r.Call(ctx, "dynamodb", "DeleteTable", map[string]any{"TableName": r.ID}); err != nil {
		return err
	}
	return r.untilGone(ctx, "dynamodb", "DescribeTable", map[string]any{"TableName": r.ID})
}

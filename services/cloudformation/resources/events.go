package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

var eventsTags = tagging{service: "events", tag: "TagResource", untag: "UntagResource", of: "ResourceARN", keys: "TagKeys", list: true}

func eventsTypes() map[string]*Type {
	return map[string]*Type{
		"AWS::Events::EventBus": {
			Properties: "Name*! EventSourceName! Description KmsKeyIdentifier DeadLetterConfig LogConfig Policy Tags",
			Create:     func(ctx context.Context, r *Request) (Made, error) { return putBus(ctx, r, "CreateEventBus") },
			Update:     func(ctx context.Context, r *Request) (Made, error) { return putBus(ctx, r, "UpdateEventBus") },
			Delete:     deleteNamed("events", "DeleteEventBus", "Name"),
			ID:         func(r *Request) string { return r.text("Name") },
		},
		"AWS::Events::EventBusPolicy": {
			Properties: "StatementId*! EventBusName! Action Principal Condition Statement",
			Create:     putBusPolicy, Update: putBusPolicy, Delete: deleteBusPolicy,
		},
		"AWS::Events::Rule": {
			Properties: "Name! EventBusName! Description EventPattern ScheduleExpression State RoleArn Targets Tags",
			Create:     putRule, Update: putRule, Delete: deleteRule,
		},
		"AWS::Events::Archive": {
			Properties: "ArchiveName! SourceArn*! Description EventPattern RetentionDays KmsKeyIdentifier",
			Create:     func(ctx context.Context, r *Request) (Made, error) { return putArchive(ctx, r, "CreateArchive") },
			Update:     func(ctx context.Context, r *Request) (Made, error) { return putArchive(ctx, r, "UpdateArchive") },
			Delete:     deleteNamed("events", "DeleteArchive", "ArchiveName"),
			ID:         func(r *Request) string { return r.name("ArchiveName", 48) },
		},
		"AWS::Events::Connection": {
			Properties: "Name! AuthorizationType AuthParameters Description InvocationConnectivityParameters KmsKeyIdentifier",
			Create:     func(ctx context.Context, r *Request) (Made, error) { return putConnection(ctx, r, "CreateConnection") },
			Update:     func(ctx context.Context, r *Request) (Made, error) { return putConnection(ctx, r, "UpdateConnection") },
			Delete:     deleteNamed("events", "DeleteConnection", "Name"),
			ID:         func(r *Request) string { return r.name("Name", 64) },
		},
		"AWS::Events::ApiDestination": {
			Properties: "Name! ConnectionArn* InvocationEndpoint* HttpMethod* InvocationRateLimitPerSecond Description",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				return putDestination(ctx, r, "CreateApiDestination")
			},
			Update: func(ctx context.Context, r *Request) (Made, error) {
				return putDestination(ctx, r, "UpdateApiDestination")
			},
			Delete: deleteNamed("events", "DeleteApiDestination", "Name"),
			ID:     func(r *Request) string { return r.name("Name", 64) },
		},
	}
}

// deleteNamed deletes by the physical id.
func deleteNamed(service, operation, member string) func(context.Context, *Request) error {
	return func(ctx context.Context, r *Request) error {
		_, err := r.Call(ctx, service, operation, map[string]any{member: r.ID})
		return err
	}
}

func putBus(ctx context.Context, r *Request, operation string) (Made, error) {
	in := r.only("Name", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
	if operation == "CreateEventBus" {
		if source, ok := r.Properties["EventSourceName"]; ok {
			in["EventSourceName"] = source
		}
		if tags := r.tags(); len(tags) > 0 {
			in["Tags"] = tagList(tags)
		}
	}
	if _, err := r.Call(ctx, "events", operation, in); err != nil {
		return Made{}, err
	}
	name := r.text("Name")
	made := Made{ID: name, Attributes: map[string]any{"Arn": r.arn("events", "event-bus/"+name), "Name": name}}
	if policy, ok := r.Properties["Policy"]; ok {
		if _, err := r.Call(ctx, "events", "PutPermission", map[string]any{"EventBusName": name, "Policy": policy}); err != nil {
			return made, err
		}
	} else if r.Previous["Policy"] != nil {
		if _, err := r.Call(ctx, "events", "RemovePermission", map[string]any{"EventBusName": name, "RemoveAllPermissions": true}); err != nil && !Gone(err) {
			return made, err
		}
	}
	if operation == "UpdateEventBus" {
		return made, r.retag(ctx, eventsTags, r.arn("events", "event-bus/"+name))
	}
	return made, nil
}

func busOf(r *Request) string {
	if name := r.text("EventBusName"); name != "" {
		return name
	}
	return "default"
}

// putBusPolicy puts one statement; a statement in full takes its place in the
// bus's policy.
func putBusPolicy(ctx context.Context, r *Request) (Made, error) {
	bus, id := busOf(r), r.text("StatementId")
	made := Made{ID: bus + "|" + id, Attributes: map[string]any{}}
	statement, full := r.Properties["Statement"].(map[string]any)
	if !full {
		in := r.only("StatementId", "Action", "Principal", "Condition")
		_, err := r.Call(ctx, "events", "PutPermission", with(in, "EventBusName", bus))
		return made, err
	}
	out, err := r.Call(ctx, "events", "DescribeEventBus", map[string]any{"Name": bus})
	if err != nil {
		return made, err
	}
	policy := map[string]any{"Version": "2012-10-17"}
	if text := textOf(out["Policy"]); text != "" {
		if err := json.Unmarshal([]byte(text), &policy); err != nil {
			return made, fmt.Errorf("reading the policy of the event bus %s: %w", bus, err)
		}
	}
	kept := []any{}
	for _, s := range objects(policy["Statement"]) {
		if s["Sid"] != id {
			kept = append(kept, s)
		}
	}
	own := map[string]any{"Sid": id}
	for key, v := range statement {
		own[key] = v
	}
	policy["Statement"] = append(kept, own)
	_, err = r.Call(ctx, "events", "PutPermission", map[string]any{"EventBusName": bus, "Policy": policy})
	return made, err
}

func deleteBusPolicy(ctx context.Context, r *Request) error {
	bus, id, _ := strings.Cut(r.ID, "|")
	_, err := r.Call(ctx, "events", "RemovePermission", map[string]any{"EventBusName": bus, "StatementId": id})
	return err
}

// putRule puts the rule and its targets, and takes away targets of before.
func putRule(ctx context.Context, r *Request) (Made, error) {
	name, bus := r.name("Name", 64), busOf(r)
	in := with(with(r.only("Description", "EventPattern", "ScheduleExpression", "State", "RoleArn"), "Name", name), "EventBusName", bus)
	if tags := r.tags(); r.Previous == nil && len(tags) > 0 {
		in["Tags"] = tagList(tags)
	}
	out, err := r.Call(ctx, "events", "PutRule", in)
	if err != nil {
		return Made{}, err
	}
	made := Made{ID: name, Attributes: map[string]any{"Arn": out["RuleArn"]}}
	if bus != "default" {
		made.ID = bus + "|" + name
	}
	before, now := targetIDs(r.Previous["Targets"]), targetIDs(r.Properties["Targets"])
	if gone := less(before, now); len(gone) > 0 {
		if err := entries(r.Call(ctx, "events", "RemoveTargets", map[string]any{"Rule": name, "EventBusName": bus, "Ids": anys(gone)})); err != nil {
			return made, err
		}
	}
	for part := range slices.Chunk(objects(r.Properties["Targets"]), 10) {
		list := make([]any, len(part))
		for i := range part {
			list[i] = part[i]
		}
		if err := entries(r.Call(ctx, "events", "PutTargets", map[string]any{"Rule": name, "EventBusName": bus, "Targets": list})); err != nil {
			return made, err
		}
	}
	if r.Previous != nil {
		return made, r.retag(ctx, eventsTags, textOf(out["RuleArn"]))
	}
	return made, nil
}

// entries is the error of the first entry that failed.
func entries(out map[string]any, err error) error {
	if err != nil {
		return err
	}
	for _, failed := range objects(out["FailedEntries"]) {
		return fmt.Errorf("%s: %s", textOf(failed["ErrorCode"]), textOf(failed["ErrorMessage"]))
	}
	return nil
}

func targetIDs(v any) (ids []string) {
	for _, t := range objects(v) {
		ids = append(ids, textOf(t["Id"]))
	}
	return ids
}

func deleteRule(ctx context.Context, r *Request) error {
	bus, name, ok := strings.Cut(r.ID, "|")
	if !ok {
		bus, name = "default", r.ID
	}
	for {
		out, err := r.Call(ctx, "events", "ListTargetsByRule", map[string]any{"Rule": name, "EventBusName": bus})
		if err != nil {
			return err
		}
		ids := targetIDs(out["Targets"])
		if len(ids) == 0 {
			break
		}
		if err := entries(r.Call(ctx, "events", "RemoveTargets", map[string]any{"Rule": name, "EventBusName": bus, "Ids": anys(ids)})); err != nil {
			return err
		}
	}
	_, err := r.Call(ctx, "events", "DeleteRule", map[string]any{"Name": name, "EventBusName": bus})
	return err
}

func putArchive(ctx context.Context, r *Request, operation string) (Made, error) {
	name := r.name("ArchiveName", 48)
	in := with(r.only("Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier"), "ArchiveName", name)
	if operation == "CreateArchive" {
		in["EventSourceArn"] = r.Properties["SourceArn"]
	}
	out, err := r.Call(ctx, "events", operation, in)
	return Made{ID: name, Attributes: map[string]any{"Arn": out["ArchiveArn"], "ArchiveName": name}}, err
}

func putConnection(ctx context.Context, r *Request, operation string) (Made, error) {
	name := r.name("Name", 64)
	in := with(r.only("AuthorizationType", "AuthParameters", "Description", "InvocationConnectivityParameters", "KmsKeyIdentifier"), "Name", name)
	if _, err := r.Call(ctx, "events", operation, in); err != nil {
		return Made{}, err
	}
	made := Made{ID: name, Attributes: map[string]any{}}
	out, err := r.Call(ctx, "events", "DescribeConnection", map[string]any{"Name": name})
	made.Attributes["Arn"], made.Attributes["SecretArn"] = out["ConnectionArn"], out["SecretArn"]
	made.Attributes["ArnForPolicy"] = r.arn("events", "connection/"+name)
	return made, err
}

func putDestination(ctx context.Context, r *Request, operation string) (Made, error) {
	name := r.name("Name", 64)
	in := with(r.only("ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond", "Description"), "Name", name)
	out, err := r.Call(ctx, "events", operation, in)
	return Made{ID: name, Attributes: map[string]any{"Arn": out["ApiDestinationArn"], "ArnForPolicy": r.arn("events", "api-destination/"+name)}}, err
}

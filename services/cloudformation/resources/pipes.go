package resources

import (
	"context"
	"fmt"
	"time"
)

func pipesTypes() map[string]*Type {
	return map[string]*Type{
		"AWS::Pipes::Pipe": {
			Properties: "Name! Source*! RoleArn* Target* Description DesiredState Enrichment EnrichmentParameters KmsKeyIdentifier LogConfiguration SourceParameters TargetParameters Tags",
			Create:     createPipe, Update: updatePipe, Delete: deletePipe,
			ID: func(r *Request) string { return r.name("Name", 64) },
		},
	}
}

func createPipe(ctx context.Context, r *Request) (Made, error) {
	in := with(r.only("Description", "DesiredState", "Enrichment", "EnrichmentParameters", "KmsKeyIdentifier", "LogConfiguration", "RoleArn", "Source", "SourceParameters", "Target", "TargetParameters"),
		"Name", r.name("Name", 64))
	if tags := r.tags(); len(tags) > 0 {
		in["Tags"] = tagMap(tags)
	}
	out, err := r.Call(ctx, "pipes", "CreatePipe", in)
	if err != nil {
		return Made{}, err
	}
	return pipeSettled(ctx, r, textOf(out["Name"]))
}

// pipeSettled waits for a pipe to be as it was asked for.
func pipeSettled(ctx context.Context, r *Request, name string) (Made, error) {
	var made Made
	err := r.until(ctx, func() (bool, error) {
		out, err := r.Call(ctx, "pipes", "DescribePipe", map[string]any{"Name": name})
		if err != nil {
			return false, err
		}
		made = Made{ID: name, Attributes: map[string]any{
			"Arn": out["Arn"], "CurrentState": out["CurrentState"], "StateReason": out["StateReason"], "CreationTime": textOf(out["CreationTime"]), "LastModifiedTime": textOf(out["LastModifiedTime"]),
		}}
		switch state := textOf(out["CurrentState"]); state {
		case "RUNNING", "STOPPED":
			return true, nil
		case "CREATE_FAILED", "UPDATE_FAILED", "START_FAILED", "STOP_FAILED", "CREATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED":
			return false, fmt.Errorf("the pipe %s is %s: %s", name, state, textOf(out["StateReason"]))
		}
		return false, nil
	})
	return made, err
}

func updatePipe(ctx context.Context, r *Request) (Made, error) {
	in := with(r.only("Description", "DesiredState", "Enrichment", "EnrichmentParameters", "KmsKeyIdentifier", "LogConfiguration", "RoleArn", "Target", "TargetParameters"), "Name", r.ID)
	if source, ok := r.Properties["SourceParameters"].(map[string]any); ok {
		in["SourceParameters"] = updatableSource(source)
	}
	out, err := r.Call(ctx, "pipes", "UpdatePipe", in)
	if err != nil {
		return Made{}, err
	}
	if err := r.retag(ctx, tagging{service: "pipes", tag: "TagResource", untag: "UntagResource", of: "resourceArn", keys: "tagKeys"}, textOf(out["Arn"])); err != nil {
		return Made{}, err
	}
	return pipeSettled(ctx, r, r.ID)
}

// updatableSource is a source's parameters without those that only a new pipe
// may be given.
func updatableSource(source map[string]any) map[string]any {
	kept := map[string]any{}
	for name, v := range source {
		if m, ok := v.(map[string]any); ok {
			part := map[string]any{}
			for key, value := range m {
				if key != "StartingPosition" && key != "StartingPositionTimestamp" {
					part[key] = value
				}
			}
			v = part
		}
		kept[name] = v
	}
	return kept
}

func deletePipe(ctx context.Context, r *Request) error {
	if _, err := r.Call(ctx, "pipes", "DeletePipe", map[string]any{"Name": r.ID}); err != nil {
		return err
	}
	return r.untilGone(ctx, "pipes", "DescribePipe", map[string]any{"Name": r.ID})
}

// patience bounds the waits for what services make behind their answers.
const (
	patience = 10 * time.Minute
	lookup   = 20 * time.Millisecond // between the first two looks; each wait is half as long again
	lookMost = 2 * time.Second
)

// until looks again and again, until done.
func (r *Request) until(ctx context.Context, done func() (bool, error)) error {
	waited, wait := time.Duration(0), lookup
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if waited > patience {
			return fmt.Errorf("%s did not stabilize within %s", r.Logical, patience)
		}
		if err := r.Sleep(ctx, wait); err != nil {
			return err
		}
		waited, wait = waited+wait, min(wait*3/2, lookMost)
	}
}

// untilGone waits until a thing is not found any more.
func (r *Request) untilGone(ctx context.Context, service, operation string, in map[string]any) error {
	return r.until(ctx, func() (bool, error) {
		_, err := r.Call(ctx, service, operation, in)
		if Gone(err) {
			return true, nil
		}
		return false, err
	})
}

package resources

import "context"

func logsTypes() map[string]*Type {
	return map[string]*Type{
		"AWS::Logs::LogGroup": {
			Properties: "LogGroupName! LogGroupClass! KmsKeyId! DeletionProtectionEnabled! RetentionInDays Tags",
			Create: func(ctx context.Context, r *Request) (Made, error) {
				in := with(r.only("LogGroupClass", "KmsKeyId", "DeletionProtectionEnabled"), "LogGroupName", r.name("LogGroupName", 512))
				if tags := r.tags(); len(tags) > 0 {
					in["Tags"] = tagMap(tags)
				}
				if _, err := r.Call(ctx, "logs", "CreateLogGroup", in); err != nil {
					return Made{}, err
				}
				return keepLogs(ctx, r, r.name("LogGroupName", 512))
			},
			Update: func(ctx context.Context, r *Request) (Made, error) {
				arn := r.arn("logs", "log-group:"+r.ID)
				if err := r.retag(ctx, tagging{service: "logs", tag: "TagResource", untag: "UntagResource", of: "ResourceArn", keys: "TagKeys"}, arn); err != nil {
					return Made{}, err
				}
				return keepLogs(ctx, r, r.ID)
			},
			Delete: deleteNamed("logs", "DeleteLogGroup", "LogGroupName"),
			ID:     func(r *Request) string { return r.name("LogGroupName", 512) },
		},
		"AWS::Logs::ResourcePolicy": {
			Properties: "PolicyName*! PolicyDocument*",
			Create:     putLogPolicy, Update: putLogPolicy, Delete: deleteNamed("logs", "DeleteResourcePolicy", "PolicyName"),
		},
	}
}

func keepLogs(ctx context.Context, r *Request, name string) (Made, error) {
	made := Made{ID: name, Attributes: map[string]any{"Arn": r.arn("logs", "log-group:"+name+":*")}}
	var err error
	if days, ok := r.Properties["RetentionInDays"]; ok {
		_, err = r.Call(ctx, "logs", "PutRetentionPolicy", map[string]any{"LogGroupName": name, "RetentionInDays": days})
	} else if r.Previous["RetentionInDays"] != nil {
		_, err = r.Call(ctx, "logs", "DeleteRetentionPolicy", map[string]any{"LogGroupName": name})
	}
	return made, err
}

func putLogPolicy(ctx context.Context, r *Request) (Made, error) {
	_, err := r.Call(ctx, "logs", "PutResourcePolicy", r.only("PolicyName", "PolicyDocument"))
	return Made{ID: r.text("PolicyName"), Attributes: map[string]any{}}, err
}

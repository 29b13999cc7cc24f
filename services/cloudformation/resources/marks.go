package resources

import "context"

// marksTypes are resources that stand for nothing that is made.
func marksTypes() map[string]*Type {
	mark := func(properties string) *Type {
		keep := func(_ context.Context, r *Request) (Made, error) {
			return Made{ID: madeUp(r.Stack, r.Logical, r.Token, 128), Attributes: map[string]any{}}, nil
		}
		return &Type{Properties: properties, Create: keep, Update: func(_ context.Context, r *Request) (Made, error) {
			return Made{ID: r.ID, Attributes: r.Attributes}, nil
		}}
	}
	return map[string]*Type{
		"AWS::CDK::Metadata":                       mark("Analytics"),
		"AWS::CloudFormation::WaitConditionHandle": mark(""),
	}
}

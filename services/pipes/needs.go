package pipes

import "github.com/signalbox/signalbox/wire"

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_amazoneventbridgepipes).
func Needs(in any, r *wire.Request) []wire.Permission {
	pipe := func(name *string) []wire.Permission {
		return []wire.Permission{{Resource: wire.Scope{Account: r.Account, Region: r.Region}.ARN("pipes", "pipe/"+wire.Value(name))}}
	}
	passing := func(needs []wire.Permission, role *string) []wire.Permission {
		if role == nil {
			return needs
		}
		return append(needs, wire.Permission{Action: "iam:PassRole", Resource: *role, Context: map[string][]string{"iam:passedtoservice": {"pipes.amazonaws.com"}}})
	}
	switch in := in.(type) {
	case *CreatePipeInput:
		return passing(pipe(in.Name), in.RoleArn)
	case *UpdatePipeInput:
		return passing(pipe(in.Name), in.RoleArn)
	case *DescribePipeInput:
		return pipe(in.Name)
	case *DeletePipeInput:
		return pipe(in.Name)
	case *StartPipeInput:
		return pipe(in.Name)
	case *StopPipeInput:
		return pipe(in.Name)
	case *TagResourceInput:
		return []wire.Permission{{Resource: wire.Value(in.ResourceArn)}}
	case *UntagResourceInput:
		return []wire.Permission{{Resource: wire.Value(in.ResourceArn)}}
	case *ListTagsForResourceInput:
		return []wire.Permission{{Resource: wire.Value(in.ResourceArn)}}
	}
	return nil
}

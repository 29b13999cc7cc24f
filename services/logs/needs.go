package logs

import (
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_amazoncloudwatchlogs). What is about a group names the
// streams in it, as AWS does: log-group:NAME:log-stream:.
func Needs(in any, r *wire.Request) []wire.Permission {
	sc := wire.Scope{Account: r.Account, Region: r.Region}
	group := func(nameOrARN *string, stream string) []wire.Permission {
		name, sc := wire.Value(nameOrARN), sc
		if a, err := arn.Parse(name); err == nil {
			_, name = a.Split()
			sc, name = wire.ScopeOfARN(a), strings.TrimSuffix(name, ":*")
		}
		return []wire.Permission{{Resource: sc.ARN("logs", "log-group:"+name+":log-stream:"+stream)}}
	}
	tagged := func(resource *string) []wire.Permission {
		return []wire.Permission{{Resource: strings.TrimSuffix(wire.Value(resource), ":*")}}
	}
	switch in := in.(type) {
	case *CreateLogGroupInput:
		return group(in.LogGroupName, "")
	case *DeleteLogGroupInput:
		return group(in.LogGroupName, "")
	case *DescribeLogGroupsInput:
		return group(in.LogGroupNamePrefix, "")
	case *CreateLogStreamInput:
		return group(in.LogGroupName, wire.Value(in.LogStreamName))
	case *DeleteLogStreamInput:
		return group(in.LogGroupName, wire.Value(in.LogStreamName))
	case *DescribeLogStreamsInput:
		return group(either(in.LogGroupName, in.LogGroupIdentifier), "")
	case *PutRetentionPolicyInput:
		return group(in.LogGroupName, "")
	case *DeleteRetentionPolicyInput:
		return group(in.LogGroupName, "")
	case *PutLogEventsInput:
		return group(in.LogGroupName, wire.Value(in.LogStreamName))
	case *GetLogEventsInput:
		return group(either(in.LogGroupName, in.LogGroupIdentifier), wire.Value(in.LogStreamName))
	case *FilterLogEventsInput:
		return group(either(in.LogGroupName, in.LogGroupIdentifier), "")
	case *TagLogGroupInput:
		return group(in.LogGroupName, "")
	case *UntagLogGroupInput:
		return group(in.LogGroupName, "")
	case *ListTagsLogGroupInput:
		return group(in.LogGroupName, "")
	case *PutDeliverySourceInput:
		return vendedNeed(sc, "delivery-source", in.Name)
	case *GetDeliverySourceInput:
		return vendedNeed(sc, "delivery-source", in.Name)
	case *DeleteDeliverySourceInput:
		return vendedNeed(sc, "delivery-source", in.Name)
	case *PutDeliveryDestinationInput:
		return vendedNeed(sc, "delivery-destination", in.Name)
	case *GetDeliveryDestinationInput:
		return vendedNeed(sc, "delivery-destination", in.Name)
	case *DeleteDeliveryDestinationInput:
		return vendedNeed(sc, "delivery-destination", in.Name)
	case *PutDeliveryDestinationPolicyInput:
		return vendedNeed(sc, "delivery-destination", in.DeliveryDestinationName)
	case *GetDeliveryDestinationPolicyInput:
		return vendedNeed(sc, "delivery-destination", in.DeliveryDestinationName)
	case *DeleteDeliveryDestinationPolicyInput:
		return vendedNeed(sc, "delivery-destination", in.DeliveryDestinationName)
	case *CreateDeliveryInput:
		return append(vendedNeed(sc, "delivery-source", in.DeliverySourceName), wire.Permission{Resource: *in.DeliveryDestinationArn})
	case *GetDeliveryInput:
		return vendedNeed(sc, "delivery", in.Id)
	case *UpdateDeliveryConfigurationInput:
		return vendedNeed(sc, "delivery", in.Id)
	case *DeleteDeliveryInput:
		return vendedNeed(sc, "delivery", in.Id)
	case *TagResourceInput:
		return tagged(in.ResourceArn)
	case *UntagResourceInput:
		return tagged(in.ResourceArn)
	case *ListTagsForResourceInput:
		return tagged(in.ResourceArn)
	}
	return nil
}

func vendedNeed(sc wire.Scope, kind string, name *string) []wire.Permission {
	return []wire.Permission{{Resource: sc.ARN("logs", kind+":"+wire.Value(name))}}
}

// ResourcePolicies are those of the account and region that an ARN lies in: they
// are for all its log groups, and say themselves for which. It is for who
// evaluates permissions.
func (s *Service) ResourcePolicies(groupARN string) []string {
	a, err := arn.Parse(groupARN)
	if err != nil {
		return nil
	}
	var texts []string
	for p := range slices.Values(s.policies.List(wire.ScopeOfARN(a).Key(""))) {
		texts = append(texts, p.Document)
	}
	return texts
}

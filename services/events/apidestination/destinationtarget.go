package apidestination

import "github.com/signalbox/signalbox/services/events/api"
import "github.com/signalbox/signalbox/delivery"

// DestinationTarget is an API destination as the target of others than rules.
// Calls share the destination's rate with all the others. Of a Request's Event
// only Trace is looked at, and Data where a parameter is a path ("$.id").
func (s *Destinations) DestinationTarget(arn string, p api.HttpParameters) delivery.Paced {
	return &apiTarget{o: s.outbound, spec: api.Target{Arn: &arn, HttpParameters: &p}}
}

// TargetOf is an API destination as the target of a rule.
func (s *Destinations) TargetOf(t api.Target) delivery.Paced {
	return &apiTarget{o: s.outbound, spec: t}
}

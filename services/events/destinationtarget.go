package events

import "github.com/signalbox/signalbox/delivery"

// DestinationTarget is an API destination as the target of others than rules.
// Calls share the destination's rate with all the others. Of a Request's Event
// only Trace is looked at, and Data where a parameter is a path ("$.id").
func (s *Service) DestinationTarget(arn string, p HttpParameters) delivery.Paced {
	return &apiTarget{o: s.outbound, spec: Target{Arn: &arn, HttpParameters: &p}}
}

package apidestination

import "github.com/signalbox/signalbox/wire"

// DestinationOverview is an API destination.
type DestinationOverview struct {
	Account    string `json:"account"`
	Region     string `json:"region"`
	Name       string `json:"name"`
	ARN        string `json:"arn"`
	State      string `json:"state"`
	Method     string `json:"method"`
	Endpoint   string `json:"endpoint"`
	Rate       int    `json:"perSecond"`
	Connection string `json:"connection"` // its name
}

// ConnectionOverview is a connection.
type ConnectionOverview struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	State   string `json:"state"`
	Type    string `json:"type"`
}

// Overview tells what there is in an account and region, for a person to look
// at. It holds no secret.
func (s *Destinations) Overview(sc wire.Scope) (destinations []DestinationOverview, connections []ConnectionOverview) {
	for _, d := range s.destinations.List(sc.Key("")) {
		v := DestinationOverview{
			Account: d.Account, Region: d.Region, Name: d.Name, ARN: d.arn(), State: s.state(d),
			Method: d.Method, Endpoint: d.Endpoint, Rate: d.rate(),
		}
		if c, err := s.connectionByARN(d.Connection); err == nil {
			v.Connection = c.Name
		}
		destinations = append(destinations, v)
	}
	for _, c := range s.connections.List(sc.Key("")) {
		connections = append(connections, ConnectionOverview{
			Account: c.Account, Region: c.Region, Name: c.Name, ARN: c.arn(), State: c.State, Type: c.Type,
		})
	}
	return destinations, connections
}

// Scopes are the accounts and regions that have connections, some of them more
// than once.
func (s *Destinations) Scopes() []wire.Scope {
	var all []wire.Scope
	for _, c := range s.connections.List("") {
		all = append(all, c.Scope)
	}
	return all
}

package server

import (
	"slices"

	"github.com/signalbox/signalbox/services/apigateway"
	apigatewayv2 "github.com/signalbox/signalbox/services/apigateway/v2"
	"github.com/signalbox/signalbox/services/cloudformation"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/items"
	"github.com/signalbox/signalbox/services/dynamodb/streams"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/iam"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/services/logs"
	"github.com/signalbox/signalbox/services/pipes"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/services/sts"
	"github.com/signalbox/signalbox/wire"
)

// ServiceCoverage is what of an AWS service is implemented.
type ServiceCoverage struct {
	Name          string    `json:"service"` // as its endpoint's prefix: "events"
	Title         string    `json:"title"`
	APIVersion    string    `json:"apiVersion"`
	Protocols     []string  `json:"protocols"` // the preferred one first
	Implemented   []string  `json:"implemented"`
	Unimplemented []string  `json:"unimplemented"`
	Refused       []Refusal `json:"refusedMembers"`
}

// Refusal is a member of a request that is not implemented: a request with it
// answers an error.
type Refusal struct {
	Shape  string `json:"shape"`
	Member string `json:"member"`
	Reason string `json:"reason"`
}

// Coverage tells what is implemented. It is read from the tables that requests
// are answered from; no server needs to run.
func Coverage() []ServiceCoverage {
	// A table does not need its service until it is called.
	tables := []*wire.Service{
		events.NewService((*events.Service)(nil)),
		sqs.NewService((*sqs.Service)(nil)),
		logs.NewService((*logs.Service)(nil)),
		sts.NewService((*sts.Service)(nil)),
		iam.NewService((*iam.Service)(nil)),
		lambda.NewService((*lambda.Service)(nil)),
		pipes.NewService((*pipes.Service)(nil)),
		apigateway.NewService((*apigateway.Service)(nil)),
		apigatewayv2.NewService((*apigatewayv2.Service)(nil)),
		cloudformation.NewService((*cloudformation.Service)(nil)),
		dynamodb.NewService((*items.Service)(nil)),
		streams.NewService((*streams.Service)(nil)),
	}
	all := make([]ServiceCoverage, len(tables))
	for i, t := range tables {
		c := ServiceCoverage{
			Name: t.Name, Title: t.Title, APIVersion: t.APIVersion, Protocols: []string{}, Implemented: []string{},
			Unimplemented: append([]string{}, t.Unimplemented...), Refused: []Refusal{},
		}
		for _, p := range t.Protocols {
			c.Protocols = append(c.Protocols, p.String())
		}
		for _, op := range t.Operations {
			c.Implemented = append(c.Implemented, op.Name)
		}
		for _, r := range t.Refusals() {
			c.Refused = append(c.Refused, Refusal{Shape: r.Shape, Member: r.Member, Reason: r.Reason})
		}
		slices.Sort(c.Implemented)
		slices.Sort(c.Unimplemented)
		all[i] = c
	}
	return all
}

package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/wire"
)

// Overview is what there is and how it does.
type Overview struct {
	*events.Overview
	Queues []Queue `json:"queues"`
}

// Queue is a queue with its depth.
type Queue struct {
	Account  string `json:"account"`
	Region   string `json:"region"`
	Name     string `json:"name"`
	ARN      string `json:"arn"`
	Messages int    `json:"messages"` // to be received
	InFlight int    `json:"inFlight"`
	Delayed  int    `json:"delayed"`
}

func (s *Console) overview(ctx context.Context, r *http.Request, _ []byte) (any, error) {
	q := r.URL.Query()
	f := events.Filter{Account: q.Get("account"), Region: q.Get("region"), Bus: q.Get("bus")}
	o, err := s.Events.Overview(ctx, f)
	if err != nil {
		return nil, err
	}
	if f.Bus != "" {
		if len(o.Buses) == 0 {
			return nil, &Error{Code: "NotFound", Message: "there is no event bus " + f.Bus, status: http.StatusNotFound}
		}
		return Overview{Overview: o, Queues: []Queue{}}, nil
	}
	queues, err := s.queues(ctx, o, f)
	if err != nil {
		return nil, err
	}
	return Overview{Overview: o, Queues: queues}, nil
}

// queues lists the queues of the places in which there are buses: of every
// place in which anything was ever used, that is.
func (s *Console) queues(ctx context.Context, o *events.Overview, f events.Filter) ([]Queue, error) {
	list := []Queue{}
	seen := map[wire.Scope]bool{}
	for _, b := range o.Buses {
		sc := wire.Scope{Account: b.Account, Region: b.Region}
		if seen[sc] {
			continue
		}
		seen[sc] = true
		more, err := s.queuesOf(ctx, sc)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

func (s *Console) queuesOf(ctx context.Context, sc wire.Scope) ([]Queue, error) {
	ctx = wire.NewContext(ctx, &wire.Request{Account: sc.Account, Region: sc.Region, Scheme: "http", Host: "localhost"})
	var list []Queue
	var token *string
	for {
		out, err := s.Queues.ListQueues(ctx, &sqs.ListQueuesInput{MaxResults: new(int32(1000)), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, url := range out.QueueUrls {
			got, err := s.Queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []string{"All"}})
			if wire.IsCode(err, sqs.CodeQueueDoesNotExist) {
				continue // deleted meanwhile
			}
			if err != nil {
				return nil, err
			}
			count := func(name string) int {
				n, _ := strconv.Atoi(got.Attributes["ApproximateNumberOfMessages"+name]) // ours
				return n
			}
			name := url[strings.LastIndexByte(url, '/')+1:]
			list = append(list, Queue{
				Account: sc.Account, Region: sc.Region, Name: name, ARN: arn.New("sqs", sc.Region, sc.Account, name).String(),
				Messages: count(""), InFlight: count("NotVisible"), Delayed: count("Delayed"),
			})
		}
		if token = out.NextToken; token == nil {
			return list, nil
		}
	}
}

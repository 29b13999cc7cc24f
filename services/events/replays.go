package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/transform"
	"github.com/signalbox/signalbox/wire"
)

// replayBatch is how many events a replay puts at once; after each batch its
// progress is written.
const replayBatch = 500

// replay is a replay as it is kept.
type replay struct {
	wire.Scope
	Name         string
	Description  *string
	Source       string // ARN of the archive
	Destination  api.ReplayDestination
	From, To     time.Time // of the events' times
	State        string
	Reason       *string
	Next, End    engine.Position // what is still to be read of the archive's log
	LastReplayed time.Time       // time of the last event replayed
	Started      time.Time
	Ended        time.Time
}

func (r *replay) key() string { return r.Scope.Key(r.Name) }

func (r *replay) arn() string { return r.Scope.ARN("events", "replay/"+r.Name) }

func (s *Service) replay(ctx context.Context, name string) (*replay, error) {
	if r := s.replays.Get(wire.ScopeOf(ctx).Key(name)); r != nil {
		return r, nil
	}
	return nil, api.NotFound("Replay %s does not exist.", name)
}

// StartReplay implements [api.API]: it puts the archived events of the time range
// on the archive's bus again, for the rules named.
func (s *Service) StartReplay(ctx context.Context, in *api.StartReplayInput) (*api.StartReplayOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.bus(ctx, in.Destination.Arn); err != nil {
		return nil, err
	}
	a := s.archiveByARN(*in.EventSourceArn)
	switch {
	case a == nil:
		_, name := mustSplit(*in.EventSourceArn)
		return nil, api.Invalid("Parameter EventSourceArn is not valid. Reason: Archive %s does not exist.", name)
	case *in.Destination.Arn != a.Source:
		return nil, api.Invalid("Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
	case !in.EventStartTime.Before(in.EventEndTime.Time):
		return nil, api.Invalid("Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.")
	}
	for _, filter := range in.Destination.FilterArns {
		if p, err := arn.Parse(filter); err != nil || p.Service != "events" {
			return nil, api.Invalid("Parameter Destination.FilterArns is not valid. Reason: %s is not the ARN of a rule.", filter)
		}
	}
	if err := s.expire(ctx, a); err != nil {
		return nil, err
	}
	first, next, err := s.Engine.Logs().Bounds(ctx, a.log())
	if err != nil {
		return nil, err
	}
	r := &replay{
		Scope: wire.ScopeOf(ctx), Name: *in.ReplayName, Description: in.Description, Source: a.arn(), Destination: *in.Destination,
		From: in.EventStartTime.Time, To: in.EventEndTime.Time, State: api.ReplayStateStarting, Next: first, End: next, Started: s.Clock.Now(),
	}
	if s.replays.Get(r.key()) != nil {
		return nil, api.Exists("Replay %s already exists.", r.Name)
	}
	if err := s.replays.Put(ctx, r.key(), r); err != nil {
		return nil, err
	}
	s.replaying.start(r)
	return &api.StartReplayOutput{ReplayArn: new(r.arn()), State: new(r.State), ReplayStartTime: api.Stamp(r.Started)}, nil
}

func mustSplit(text string) (kind, name string) {
	a, _ := arn.Parse(text)
	return a.Split()
}

// CancelReplay implements [api.API]. What was replayed stays replayed.
func (s *Service) CancelReplay(ctx context.Context, in *api.CancelReplayInput) (*api.CancelReplayOutput, error) {
	r, err := s.replay(ctx, *in.ReplayName)
	if err != nil {
		return nil, err
	}
	r, err = s.changeReplay(ctx, r.key(), func(r *replay) error {
		if r.State != api.ReplayStateStarting && r.State != api.ReplayStateRunning {
			return wire.Errorf(api.CodeIllegalStatusException, "Replay %s is not in a valid state for this operation.", r.Name)
		}
		r.State = api.ReplayStateCancelling
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.CancelReplayOutput{ReplayArn: new(r.arn()), State: new(r.State)}, nil
}

func (s *Service) changeReplay(ctx context.Context, key string, change func(*replay) error) (*replay, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := *s.replays.Get(key) // replays are never deleted
	if err := change(&r); err != nil {
		return nil, err
	}
	return &r, s.replays.Put(ctx, key, &r)
}

// DescribeReplay implements [api.API].
func (s *Service) DescribeReplay(ctx context.Context, in *api.DescribeReplayInput) (*api.DescribeReplayOutput, error) {
	r, err := s.replay(ctx, *in.ReplayName)
	if err != nil {
		return nil, err
	}
	return &api.DescribeReplayOutput{
		ReplayName: new(r.Name), ReplayArn: new(r.arn()), Description: r.Description, State: new(r.State), StateReason: r.Reason,
		EventSourceArn: new(r.Source), Destination: &r.Destination, EventStartTime: api.Stamp(r.From), EventEndTime: api.Stamp(r.To),
		EventLastReplayedTime: api.Stamp(r.LastReplayed), ReplayStartTime: api.Stamp(r.Started), ReplayEndTime: api.Stamp(r.Ended),
	}, nil
}

// ListReplays implements [api.API].
func (s *Service) ListReplays(ctx context.Context, in *api.ListReplaysInput) (*api.ListReplaysOutput, error) {
	all := slices.DeleteFunc(s.replays.List(wire.ScopeOf(ctx).Key(wire.Value(in.NamePrefix))), func(r *replay) bool {
		return in.State != nil && r.State != *in.State || in.EventSourceArn != nil && r.Source != *in.EventSourceArn
	})
	rows, next, err := api.Page(all, func(r *replay) string { return r.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &api.ListReplaysOutput{Replays: make([]api.Replay, len(rows)), NextToken: next}
	for i, r := range rows {
		out.Replays[i] = api.Replay{
			ReplayName: new(r.Name), EventSourceArn: new(r.Source), State: new(r.State), StateReason: r.Reason,
			EventStartTime: api.Stamp(r.From), EventEndTime: api.Stamp(r.To), EventLastReplayedTime: api.Stamp(r.LastReplayed),
			ReplayStartTime: api.Stamp(r.Started), ReplayEndTime: api.Stamp(r.Ended),
		}
	}
	return out, nil
}

// replaying runs the replays, each in a goroutine of its own.
type replaying struct {
	s      *Service
	ctx    context.Context // ends with the service
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func newReplaying(s *Service) *replaying {
	ctx, cancel := context.WithCancel(context.Background())
	return &replaying{s: s, ctx: ctx, cancel: cancel}
}

// resume goes on with the replays that were under way.
func (p *replaying) resume() {
	for _, r := range p.s.replays.List("") {
		switch r.State {
		case api.ReplayStateStarting, api.ReplayStateRunning, api.ReplayStateCancelling:
			p.start(r)
		}
	}
}

func (p *replaying) start(r *replay) {
	p.group.Go(func() {
		if err := p.run(r.key()); err != nil && p.ctx.Err() == nil {
			p.s.Logger.Error("replaying", "replay", r.arn(), "error", err)
			_, _ = p.s.changeReplay(p.ctx, r.key(), func(r *replay) error {
				r.State, r.Reason, r.Ended = api.ReplayStateFailed, new(err.Error()), p.s.Clock.Now()
				return nil
			})
		}
	})
}

func (p *replaying) close(ctx context.Context) error {
	p.cancel()
	done := make(chan struct{})
	go func() { p.group.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run replays batch after batch until all is read or the replay is cancelled.
func (p *replaying) run(key string) error {
	r := p.s.replays.Get(key)
	a := p.s.archiveByARN(r.Source)
	if a == nil {
		return errors.New("the archive was deleted")
	}
	reader, err := p.s.Engine.Logs().Open(p.ctx, a.log(), r.Next)
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		r, err = p.s.changeReplay(p.ctx, key, func(r *replay) error {
			switch {
			case r.State == api.ReplayStateCancelling:
				r.State, r.Ended = api.ReplayStateCancelled, p.s.Clock.Now()
			case r.Next >= r.End:
				r.State, r.Ended = api.ReplayStateCompleted, p.s.Clock.Now()
			default:
				r.State = api.ReplayStateRunning
			}
			return nil
		})
		if err != nil || r.State != api.ReplayStateRunning {
			return err
		}
		next, last, err := p.batch(reader, r)
		if err != nil {
			return err
		}
		if _, err := p.s.changeReplay(p.ctx, key, func(r *replay) error {
			r.Next, r.LastReplayed = next, last
			return nil
		}); err != nil {
			return err
		}
	}
}

// batch puts one batch and returns where to go on and the time of the last event.
func (p *replaying) batch(reader engine.Reader, r *replay) (next engine.Position, last time.Time, err error) {
	b, err := p.s.bus(p.ctx, r.Destination.Arn)
	if err != nil {
		return 0, last, err
	}
	entries, err := reader.Next(p.ctx, nil, min(replayBatch, int(r.End-r.Next)))
	if err != nil {
		return 0, last, fmt.Errorf("reading the archive: %w", err)
	}
	last = r.LastReplayed
	var events []hub.Event
	for _, e := range entries {
		next = e.Position + 1
		data := e.Data[archiveHeader:]
		at := eventTime(data)
		if e.Position >= r.End || at.Before(r.From) || at.After(r.To) {
			continue
		}
		events = append(events, hub.Event{Envelope: data, ReplayName: r.Name, Only: r.Destination.FilterArns})
		last = at
	}
	if len(events) > 0 {
		if _, err := p.s.Hub.Put(p.ctx, b.log(), events); err != nil {
			return 0, last, fmt.Errorf("putting events: %w", err)
		}
	}
	return next, last, nil
}

// timePath finds an event's time.
var timePath = func() transform.Path {
	p, err := transform.ParsePath("$.time")
	if err != nil {
		panic(err)
	}
	return p
}()

func eventTime(event []byte) time.Time {
	text, _ := timePath.Find(event)
	t, _ := time.Parse(`"`+time.RFC3339+`"`, string(text))
	return t
}

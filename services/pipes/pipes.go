package pipes

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/wire"
)

// maxReason bounds StateReason, in bytes.
const maxReason = 512

// CreatePipe implements [API].
func (s *Service) CreatePipe(ctx context.Context, in *CreatePipeInput) (*CreatePipeOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Clock.Now()
	p := &pipe{
		Scope: wire.ScopeOf(ctx), Name: *in.Name, ID: uuid.NewString(), Description: in.Description, Desired: RequestedPipeStateRunning,
		Source: *in.Source, SourceParameters: wire.Value(in.SourceParameters), Enrichment: wire.Value(in.Enrichment),
		EnrichmentParams: in.EnrichmentParameters, Target: *in.Target, TargetParameters: in.TargetParameters, Role: *in.RoleArn,
		Tags: in.Tags, Log: in.LogConfiguration, KMSKey: in.KmsKeyIdentifier, Created: now, Modified: now,
	}
	if in.DesiredState != nil {
		p.Desired = *in.DesiredState
	}
	if s.pipes.Get(p.key()) != nil {
		return nil, conflict(p.Name, "Pipe %s already exists.", p.Name)
	}
	if err := s.check(p); err != nil {
		return nil, err
	}
	reason, err := s.reachable(ctx, p)
	if err != nil {
		return nil, err
	}
	if reason != "" {
		p.fail(PipeStateCreateFailed, reason)
	} else if p.stream() != nil {
		if err := s.readers.mapping(p).Begin(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.pipes.Put(ctx, p.key(), p); err != nil {
		return nil, err
	}
	s.readers.follow(p)
	return &CreatePipeOutput{
		Arn: new(p.arn()), Name: &p.Name, DesiredState: &p.Desired, CurrentState: new(PipeStateCreating),
		CreationTime: new(wire.At(p.Created)), LastModifiedTime: new(wire.At(p.Modified)),
	}, nil
}

func (p *pipe) fail(state, reason string) {
	p.Failed, p.Reason = state, reason[:min(len(reason), maxReason)]
}

// DescribePipe implements [API].
func (s *Service) DescribePipe(ctx context.Context, in *DescribePipeInput) (*DescribePipeOutput, error) {
	p, err := s.find(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	return p.describe(), nil
}

// UpdatePipe implements [API]. What the request does not name stays, but for
// the members of a service's own parameters, which are replaced together (API
// reference, page API_UpdatePipe).
func (s *Service) UpdatePipe(ctx context.Context, in *UpdatePipeInput) (*UpdatePipeOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.find(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	p := *old
	p.Modified, p.Role = s.Clock.Now(), *in.RoleArn
	if in.Description != nil {
		p.Description = in.Description
	}
	if in.DesiredState != nil {
		p.Desired = *in.DesiredState
	}
	if in.KmsKeyIdentifier != nil {
		p.KMSKey = in.KmsKeyIdentifier
		if *p.KMSKey == "" {
			p.KMSKey = nil
		}
	}
	if in.LogConfiguration != nil {
		p.Log = in.LogConfiguration
	}
	if err := updateSource(&p, in.SourceParameters); err != nil {
		return nil, err
	}
	updateEnrichment(&p, in)
	updateTarget(&p, in)
	if err := s.check(&p); err != nil {
		return nil, err
	}
	if err := s.revive(ctx, &p, PipeStateUpdateFailed); err != nil {
		return nil, err
	}
	if err := s.pipes.Put(ctx, p.key(), &p); err != nil {
		return nil, err
	}
	s.readers.follow(&p)
	return &UpdatePipeOutput{
		Arn: new(p.arn()), Name: &p.Name, DesiredState: &p.Desired, CurrentState: new(PipeStateUpdating),
		CreationTime: new(wire.At(p.Created)), LastModifiedTime: new(wire.At(p.Modified)),
	}, nil
}

func updateSource(p *pipe, in *UpdatePipeSourceParameters) error {
	if in == nil {
		return nil
	}
	if in.FilterCriteria != nil {
		p.SourceParameters.FilterCriteria = in.FilterCriteria
	}
	if q := in.SqsQueueParameters; q != nil {
		p.SourceParameters.SqsQueueParameters = &PipeSourceSqsQueueParameters{
			BatchSize: q.BatchSize, MaximumBatchingWindowInSeconds: q.MaximumBatchingWindowInSeconds,
		}
	}
	if st := in.DynamoDBStreamParameters; st != nil {
		if p.stream() == nil {
			return invalid("SourceParameters.DynamoDBStreamParameters do not belong to the source %s.", p.Source)
		}
		p.SourceParameters.DynamoDBStreamParameters = &PipeSourceDynamoDBStreamParameters{
			BatchSize: st.BatchSize, DeadLetterConfig: st.DeadLetterConfig, OnPartialBatchItemFailure: st.OnPartialBatchItemFailure,
			MaximumBatchingWindowInSeconds: st.MaximumBatchingWindowInSeconds, MaximumRecordAgeInSeconds: st.MaximumRecordAgeInSeconds,
			MaximumRetryAttempts: st.MaximumRetryAttempts, ParallelizationFactor: st.ParallelizationFactor,
			StartingPosition: p.stream().StartingPosition,
		}
	}
	return nil
}

func updateEnrichment(p *pipe, in *UpdatePipeInput) {
	if in.Enrichment != nil {
		p.Enrichment = *in.Enrichment
	}
	if in.EnrichmentParameters != nil {
		p.EnrichmentParams = in.EnrichmentParameters
	}
	if p.Enrichment == "" {
		p.EnrichmentParams = nil
	}
}

func updateTarget(p *pipe, in *UpdatePipeInput) {
	t := wire.Value(p.TargetParameters)
	had := p.TargetParameters != nil
	if in.Target != nil && kindOf(*in.Target) != kindOf(p.Target) {
		t = PipeTargetParameters{InputTemplate: t.InputTemplate} // what belongs to the old one's service goes with it
	}
	if in.Target != nil {
		p.Target = *in.Target
	}
	if n := in.TargetParameters; n != nil {
		had = true
		if n.InputTemplate != nil {
			t.InputTemplate = n.InputTemplate
		}
		replace(&t.EventBridgeEventBusParameters, n.EventBridgeEventBusParameters)
		replace(&t.LambdaFunctionParameters, n.LambdaFunctionParameters)
		replace(&t.SqsQueueParameters, n.SqsQueueParameters)
		replace(&t.HttpParameters, n.HttpParameters)
		replace(&t.CloudWatchLogsParameters, n.CloudWatchLogsParameters)
	}
	if wire.Value(t.InputTemplate) == "" {
		t.InputTemplate = nil
	}
	if p.TargetParameters = nil; had {
		p.TargetParameters = &t
	}
}

func replace[T any](old **T, by *T) {
	if by != nil {
		*old = by
	}
}

// revive looks for the source anew: a pipe whose source is gone is in the state
// failed. One that was never begun begins.
func (s *Service) revive(ctx context.Context, p *pipe, failed string) error {
	begun := p.Failed != PipeStateCreateFailed
	reason, err := s.reachable(ctx, p)
	if err != nil {
		return err
	}
	if reason != "" {
		if begun {
			p.fail(failed, reason)
		}
		return nil
	}
	p.Failed, p.Reason = "", ""
	if !begun && p.stream() != nil {
		return s.readers.mapping(p).Begin(ctx)
	}
	return nil
}

// DeletePipe implements [API]. Batches under way end.
func (s *Service) DeletePipe(ctx context.Context, in *DeletePipeInput) (*DeletePipeOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.find(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.pipes.Delete(ctx, p.key()); err != nil {
		return nil, err
	}
	s.readers.forget(p)
	return &DeletePipeOutput{
		Arn: new(p.arn()), Name: &p.Name, DesiredState: new(RequestedPipeStateDescribeResponseDeleted), CurrentState: new(PipeStateDeleting),
		CreationTime: new(wire.At(p.Created)), LastModifiedTime: new(wire.At(p.Modified)),
	}, nil
}

// switchTo starts or stops a pipe.
func (s *Service) switchTo(ctx context.Context, name, desired string) (*pipe, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.find(ctx, name)
	if err != nil {
		return nil, err
	}
	p := *old
	p.Desired, p.Modified = desired, s.Clock.Now()
	if desired == RequestedPipeStateRunning {
		if err := s.revive(ctx, &p, PipeStateStartFailed); err != nil {
			return nil, err
		}
	} else if p.Failed != PipeStateCreateFailed {
		p.Failed, p.Reason = "", ""
	}
	if err := s.pipes.Put(ctx, p.key(), &p); err != nil {
		return nil, err
	}
	s.readers.follow(&p)
	return &p, nil
}

// StartPipe implements [API]. It goes on where it was stopped.
func (s *Service) StartPipe(ctx context.Context, in *StartPipeInput) (*StartPipeOutput, error) {
	p, err := s.switchTo(ctx, *in.Name, RequestedPipeStateRunning)
	if err != nil {
		return nil, err
	}
	return &StartPipeOutput{
		Arn: new(p.arn()), Name: &p.Name, DesiredState: &p.Desired, CurrentState: new(PipeStateStarting),
		CreationTime: new(wire.At(p.Created)), LastModifiedTime: new(wire.At(p.Modified)),
	}, nil
}

// StopPipe implements [API]. Batches under way end.
func (s *Service) StopPipe(ctx context.Context, in *StopPipeInput) (*StopPipeOutput, error) {
	p, err := s.switchTo(ctx, *in.Name, RequestedPipeStateStopped)
	if err != nil {
		return nil, err
	}
	return &StopPipeOutput{
		Arn: new(p.arn()), Name: &p.Name, DesiredState: &p.Desired, CurrentState: new(PipeStateStopping),
		CreationTime: new(wire.At(p.Created)), LastModifiedTime: new(wire.At(p.Modified)),
	}, nil
}

// ListPipes implements [API].
func (s *Service) ListPipes(ctx context.Context, in *ListPipesInput) (*ListPipesOutput, error) {
	all := slices.DeleteFunc(s.pipes.List(wire.ScopeOf(ctx).Key("")), func(p *pipe) bool {
		return !strings.HasPrefix(p.Name, wire.Value(in.NamePrefix)) || !strings.HasPrefix(p.Source, wire.Value(in.SourcePrefix)) ||
			!strings.HasPrefix(p.Target, wire.Value(in.TargetPrefix)) || in.DesiredState != nil && *in.DesiredState != p.Desired ||
			in.CurrentState != nil && *in.CurrentState != p.state()
	})
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	rows, next, err := wire.Page(all, func(p *pipe) string { return p.Name }, limit, in.NextToken)
	if err != nil {
		return nil, invalid("NextToken is not valid: %s", err)
	}
	out := &ListPipesOutput{Pipes: []Pipe{}, NextToken: next}
	for _, p := range rows {
		out.Pipes = append(out.Pipes, p.summary())
	}
	return out, nil
}

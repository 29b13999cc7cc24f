package pipes

import (
	"time"

	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/wire"
)

// pipe is a pipe as it is kept.
type pipe struct {
	wire.Scope
	Name             string
	ID               string // tells it from an earlier one of its name: its checkpoints have it
	Description      *string
	Desired          string // RUNNING, STOPPED
	Failed           string // CREATE_FAILED, …; empty where it is as desired
	Reason           string // of the failure
	Source           string // ARN
	SourceParameters PipeSourceParameters
	Enrichment       string // ARN; may be empty
	EnrichmentParams *PipeEnrichmentParameters
	Target           string // ARN
	TargetParameters *PipeTargetParameters
	Role             string
	Tags             map[string]string
	Log              *PipeLogConfigurationParameters
	KMSKey           *string
	Created          time.Time
	Modified         time.Time
}

func (p *pipe) key() string { return p.Scope.Key(p.Name) }

func (p *pipe) arn() string { return p.Scope.ARN("pipes", "pipe/"+p.Name) }

func (p *pipe) state() string {
	if p.Failed != "" {
		return p.Failed
	}
	return p.Desired
}

func (p *pipe) runs() bool { return p.state() == RequestedPipeStateRunning }

// stream are the parameters of a stream; nil where the source is a queue.
func (p *pipe) stream() *PipeSourceDynamoDBStreamParameters {
	return p.SourceParameters.DynamoDBStreamParameters
}

// batch is how many records one batch has, and for how long they are collected.
func (p *pipe) batch() (size int, window time.Duration) {
	n, seconds := (*int32)(nil), (*int32)(nil)
	if st := p.stream(); st != nil {
		n, seconds = st.BatchSize, st.MaximumBatchingWindowInSeconds
	} else {
		q := p.SourceParameters.SqsQueueParameters
		n, seconds = q.BatchSize, q.MaximumBatchingWindowInSeconds
	}
	return int(*n), time.Duration(*seconds) * time.Second
}

func (p *pipe) patterns() []string {
	var list []string
	if c := p.SourceParameters.FilterCriteria; c != nil {
		for _, f := range c.Filters {
			list = append(list, wire.Value(f.Pattern))
		}
	}
	return list
}

func (p *pipe) filter() (*sources.Filter, error) { return sources.NewFilter(p.patterns()) }

// describe is the pipe as DescribePipe answers it.
func (p *pipe) describe() *DescribePipeOutput {
	out := &DescribePipeOutput{
		Arn: new(p.arn()), Name: &p.Name, Description: p.Description, DesiredState: &p.Desired, CurrentState: new(p.state()),
		Source: &p.Source, SourceParameters: &p.SourceParameters, EnrichmentParameters: p.EnrichmentParams, Target: &p.Target,
		TargetParameters: p.TargetParameters, RoleArn: &p.Role, Tags: p.Tags, CreationTime: new(wire.At(p.Created)),
		LastModifiedTime: new(wire.At(p.Modified)), KmsKeyIdentifier: p.KMSKey,
	}
	if p.Reason != "" {
		out.StateReason = &p.Reason
	}
	if p.Enrichment != "" {
		out.Enrichment = &p.Enrichment
	}
	if p.Log != nil {
		out.LogConfiguration = &PipeLogConfiguration{Level: p.Log.Level, IncludeExecutionData: p.Log.IncludeExecutionData}
		if c := p.Log.CloudwatchLogsLogDestination; c != nil {
			out.LogConfiguration.CloudwatchLogsLogDestination = &CloudwatchLogsLogDestination{LogGroupArn: c.LogGroupArn}
		}
	}
	return out
}

// summary is the pipe as ListPipes answers it.
func (p *pipe) summary() Pipe {
	d := p.describe()
	return Pipe{
		Name: d.Name, Arn: d.Arn, DesiredState: d.DesiredState, CurrentState: d.CurrentState, StateReason: d.StateReason,
		CreationTime: d.CreationTime, LastModifiedTime: d.LastModifiedTime, Source: d.Source, Target: d.Target, Enrichment: d.Enrichment,
	}
}

package logs

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// group is a log group as it is kept.
type group struct {
	wire.Scope
	Name        string
	Incarnation string // tells a group from an earlier one of its name
	Class       string
	KMSKey      *string
	Days        *int32 // of retention; nil: for ever
	Protected   bool   // from deletion
	Tags        map[string]string
	Created     time.Time
}

func (g *group) key() string { return g.Scope.Key(g.Name) }

func (g *group) arn() string { return g.Scope.ARN("logs", "log-group:"+g.Name) }

func (g *group) log() string { return "logs/" + g.arn() + "#" + g.Incarnation }

// retentions are the days that PutRetentionPolicy takes (API reference).
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// CreateLogGroup implements [API].
func (s *Service) CreateLogGroup(ctx context.Context, in *CreateLogGroupInput) (*CreateLogGroupOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	g := &group{
		Scope: wire.ScopeOf(ctx), Name: *in.LogGroupName, Incarnation: strconv.FormatInt(now.UnixNano(), 36),
		Class: *either(in.LogGroupClass, new(LogGroupClassStandard)), KMSKey: in.KmsKeyId,
		Protected: wire.Value(in.DeletionProtectionEnabled), Tags: in.Tags, Created: now,
	}
	if s.groups.Get(g.key()) != nil {
		return nil, exists("log group")
	}
	return &CreateLogGroupOutput{}, s.groups.Put(ctx, g.key(), g)
}

// DeleteLogGroup implements [API]: the group's streams and events go with it.
func (s *Service) DeleteLogGroup(ctx context.Context, in *DeleteLogGroupInput) (*DeleteLogGroupOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.identify(ctx, in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if g.Protected {
		return nil, wire.Errorf(CodeValidationException, "Log group %s cannot be deleted: its deletion protection is enabled.", g.Name)
	}
	streams := s.streams.Keys(g.key() + "|")
	if len(streams) > 0 {
		if err := s.streams.Delete(ctx, streams...); err != nil {
			return nil, err
		}
	}
	for _, key := range streams {
		s.recent.Delete(key)
	}
	if err := s.groups.Delete(ctx, g.key()); err != nil {
		return nil, err
	}
	return &DeleteLogGroupOutput{}, s.logs.Drop(ctx, g.log())
}

// changeGroup puts the changed copy of a group.
func (s *Service) changeGroup(ctx context.Context, name *string, change func(*group) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.identify(ctx, name, nil)
	if err != nil {
		return err
	}
	g := *old
	if err := change(&g); err != nil {
		return err
	}
	return s.groups.Put(ctx, g.key(), &g)
}

// PutRetentionPolicy implements [API].
func (s *Service) PutRetentionPolicy(ctx context.Context, in *PutRetentionPolicyInput) (*PutRetentionPolicyOutput, error) {
	if !slices.Contains(retentions, *in.RetentionInDays) {
		return nil, invalid("The value %d of retentionInDays is not one of %v.", *in.RetentionInDays, retentions)
	}
	return &PutRetentionPolicyOutput{}, s.changeGroup(ctx, in.LogGroupName, func(g *group) error {
		g.Days = in.RetentionInDays
		return nil
	})
}

// DeleteRetentionPolicy implements [API].
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *DeleteRetentionPolicyInput) (*DeleteRetentionPolicyOutput, error) {
	return &DeleteRetentionPolicyOutput{}, s.changeGroup(ctx, in.LogGroupName, func(g *group) error {
		g.Days = nil
		return nil
	})
}

// DescribeLogGroups implements [API].
func (s *Service) DescribeLogGroups(ctx context.Context, in *DescribeLogGroupsInput) (*DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	all := slices.DeleteFunc(s.groups.List(wire.ScopeOf(ctx).Key(wire.Value(in.LogGroupNamePrefix))), func(g *group) bool {
		return in.LogGroupNamePattern != nil && !strings.Contains(strings.ToLower(g.Name), strings.ToLower(*in.LogGroupNamePattern)) ||
			in.LogGroupClass != nil && g.Class != *in.LogGroupClass ||
			in.LogGroupIdentifiers != nil && !slices.Contains(in.LogGroupIdentifiers, g.Name) && !slices.Contains(in.LogGroupIdentifiers, g.arn())
	})
	rows, next, err := wire.Page(all, func(g *group) string { return g.Name }, int(*either(in.Limit, new(int32(50)))), in.NextToken)
	if err != nil {
		return nil, invalid("The specified nextToken is invalid: %s.", err)
	}
	out := &DescribeLogGroupsOutput{LogGroups: make([]LogGroup, len(rows)), NextToken: next}
	for i, g := range rows {
		size, err := s.size(ctx, g)
		if err != nil {
			return nil, err
		}
		out.LogGroups[i] = LogGroup{
			LogGroupName: new(g.Name), CreationTime: millis(g.Created), RetentionInDays: g.Days, Arn: new(g.arn() + ":*"),
			LogGroupArn: new(g.arn()), StoredBytes: new(size), KmsKeyId: g.KMSKey, LogGroupClass: new(g.Class), DeletionProtectionEnabled: g.Protected,
		}
	}
	return out, nil
}

// size is what the group's entries hold, in bytes, once those beyond its
// retention are forgotten.
func (s *Service) size(ctx context.Context, g *group) (int64, error) {
	if err := s.expire(ctx, g); err != nil {
		return 0, err
	}
	first, next, err := s.logs.Bounds(ctx, g.log())
	if err != nil || first == next {
		return 0, err
	}
	oldest, err := s.entryAt(ctx, g, first)
	if err != nil {
		return 0, err
	}
	newest, err := s.entryAt(ctx, g, next-1)
	if err != nil {
		return 0, err
	}
	return int64(newest.Sum-oldest.Sum) + int64(len(oldest.Message)), nil
}

// expire forgets what is older than the group's retention.
func (s *Service) expire(ctx context.Context, g *group) error {
	if g.Days == nil {
		return nil
	}
	first, _, err := s.logs.Bounds(ctx, g.log())
	if err != nil {
		return err
	}
	keep, err := s.logs.Seek(ctx, g.log(), s.clock.Now().AddDate(0, 0, -int(*g.Days)))
	if err != nil || keep <= first {
		return err
	}
	return s.logs.Trim(ctx, g.log(), keep)
}

func (s *Service) entryAt(ctx context.Context, g *group, at engine.Position) (entry, error) {
	r, err := s.logs.Open(ctx, g.log(), at)
	if err != nil {
		return entry{}, err
	}
	defer r.Close()
	read, err := r.Next(ctx, nil, 1)
	if err != nil {
		return entry{}, err
	}
	return decode(read[0].Data)
}

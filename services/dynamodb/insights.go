package dynamodb

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// insights is the setting of contributor insights. It is kept and told: there
// is no CloudWatch here, so no rules are made and no keys are counted.
type insights struct {
	Enabled bool
	Mode    string `json:",omitempty"`
	Changed int64  // Unix milliseconds
}

func (i insights) status() *string {
	if i.Enabled {
		return new(ContributorInsightsStatusEnabled)
	}
	return new(ContributorInsightsStatusDisabled)
}

// findInsights finds what a request for contributor insights is about.
func (s *Service) findInsights(ctx context.Context, name, index *string) (*OpenTable, string, error) {
	o, err := s.Find(ctx, name)
	if err != nil {
		return nil, "", err
	}
	if index != nil && o.doc.Load().Find(*index) == nil {
		return nil, "", ErrNoTable
	}
	return o, wire.Value(index), nil
}

// DescribeContributorInsights implements API. The list of rules is empty.
func (s *Service) DescribeContributorInsights(ctx context.Context, in *DescribeContributorInsightsInput) (*DescribeContributorInsightsOutput, error) {
	o, index, err := s.findInsights(ctx, in.TableName, in.IndexName)
	if err != nil {
		return nil, err
	}
	d := o.doc.Load()
	i := d.Insights[index]
	out := &DescribeContributorInsightsOutput{
		TableName: new(d.Name), IndexName: in.IndexName, ContributorInsightsStatus: i.status(), LastUpdateDateTime: millis(i.Changed),
	}
	if i.Enabled {
		out.ContributorInsightsRuleList, out.ContributorInsightsMode = []string{}, new(i.Mode)
	}
	return out, nil
}

// UpdateContributorInsights implements API: the setting is kept, see [insights].
func (s *Service) UpdateContributorInsights(ctx context.Context, in *UpdateContributorInsightsInput) (*UpdateContributorInsightsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, index, err := s.findInsights(ctx, in.TableName, in.IndexName)
	if err != nil {
		return nil, err
	}
	d := o.doc.Load().clone()
	next := insights{Enabled: *in.ContributorInsightsAction == ContributorInsightsActionEnable, Changed: s.clock.Now().UnixMilli()}
	out := &UpdateContributorInsightsOutput{TableName: new(d.Name), IndexName: in.IndexName, ContributorInsightsStatus: new(ContributorInsightsStatusDisabling)}
	if next.Enabled {
		next.Mode = ContributorInsightsModeAccessedAndThrottledKeys
		if in.ContributorInsightsMode != nil {
			next.Mode = *in.ContributorInsightsMode
		}
		out.ContributorInsightsStatus, out.ContributorInsightsMode = new(ContributorInsightsStatusEnabling), new(next.Mode)
	}
	d.Insights[index] = next
	if err := s.change(ctx, o, d); err != nil {
		return nil, err
	}
	return out, nil
}

// ListContributorInsights implements API: what was ever enabled, by table and index.
func (s *Service) ListContributorInsights(ctx context.Context, in *ListContributorInsightsInput) (*ListContributorInsightsOutput, error) {
	var docs []*document
	if in.TableName != nil {
		o, err := s.Find(ctx, in.TableName)
		if err != nil {
			return nil, err
		}
		docs = []*document{o.doc.Load()}
	} else {
		docs = s.docs.List(wire.ScopeOf(ctx).Key())
	}
	all := []ContributorInsightsSummary{}
	for _, d := range docs {
		if d.Deleted {
			continue
		}
		for _, index := range slices.Sorted(maps.Keys(d.Insights)) {
			if index != "" && d.Find(index) == nil {
				continue // it was deleted since
			}
			i := d.Insights[index]
			row := ContributorInsightsSummary{TableName: new(d.Name), ContributorInsightsStatus: i.status()}
			if index != "" {
				row.IndexName = new(index)
			}
			if i.Enabled {
				row.ContributorInsightsMode = new(i.Mode)
			}
			all = append(all, row)
		}
	}
	slices.SortFunc(all, func(a, b ContributorInsightsSummary) int { return strings.Compare(rowName(a), rowName(b)) })
	limit := 100
	if n := wire.Value(in.MaxResults); n > 0 {
		limit = int(n)
	}
	rows, next, err := wire.Page(all, rowName, limit, in.NextToken)
	if err != nil {
		return nil, invalid("Invalid NextToken")
	}
	return &ListContributorInsightsOutput{ContributorInsightsSummaries: rows, NextToken: next}, nil
}

func rowName(r ContributorInsightsSummary) string {
	return *r.TableName + "/" + wire.Value(r.IndexName)
}

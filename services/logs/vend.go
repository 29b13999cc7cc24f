package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// Vend takes records of what a resource logs, with their times, to the log groups
// that deliveries carry this type of its logs to; where there is none, nowhere.
// Records are JSON objects. A destination's group that is gone, or not yet there,
// loses them; the error tells of it.
func (s *Service) Vend(ctx context.Context, resourceARN, logType string, records iter.Seq2[time.Time, []byte]) error {
	a, err := arn.Parse(resourceARN)
	if err != nil {
		return fmt.Errorf("vending logs: %w", err)
	}
	var errs []error
	for _, source := range s.deliverySources.List(wire.ScopeOfARN(a).Key("")) {
		if source.Resource != resourceARN || source.LogType != logType {
			continue
		}
		for _, d := range s.deliveries.List(source.Scope.Key("")) {
			if d.Source != source.Name {
				continue
			}
			if err := s.vend(ctx, d, a, records); err != nil {
				errs = append(errs, fmt.Errorf("delivery %s of %s: %w", d.ID, resourceARN, err))
			}
		}
	}
	return errors.Join(errs...)
}

// vend writes records to the group of one delivery, in a stream of the resource's
// for each day.
func (s *Service) vend(ctx context.Context, d *logDelivery, resource arn.ARN, records iter.Seq2[time.Time, []byte]) error {
	_, name, _ := strings.Cut(d.Destination, ":delivery-destination:")
	to := s.deliveryDestinations.Get(d.Scope.Key(name))
	if to == nil {
		return errors.New("the delivery destination is gone")
	}
	g := target{s: s, arn: to.Group}.group()
	if g == nil {
		return fmt.Errorf("log group %s does not exist", to.Group)
	}
	st, err := s.stream(ctx, g, resource.Resource+"/"+s.clock.Now().UTC().Format("2006-01-02"))
	if err != nil {
		return err
	}
	var entries []entry
	for at, record := range records {
		text, err := d.cut(record)
		if err != nil {
			return err
		}
		entries = append(entries, entry{Stream: st.Name, Timestamp: at.UnixMilli(), Message: text})
	}
	return s.write(ctx, g, st, entries)
}

// cut is the record with the delivery's fields alone.
func (d *logDelivery) cut(record []byte) (string, error) {
	if len(d.Fields) == 0 {
		return string(record), nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(record, &members); err != nil {
		return "", fmt.Errorf("the record is no JSON object: %w", err)
	}
	var b strings.Builder
	for _, f := range d.Fields {
		value, ok := members[f]
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", f, value)
	}
	return "{" + b.String() + "}", nil
}

// unfit says no in the words of the vended logs' operations, whose code for it is
// another than that of the older ones.
func unfit(format string, args ...any) error {
	return wire.Errorf(CodeValidationException, format, args...)
}

func conflict(format string, args ...any) error {
	return wire.Errorf(CodeConflictException, format, args...)
}

// told are tags as an answer has them: absent where there is none.
func told(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	return tags
}

func vendedPage[T any](items []T, name func(T) string, limit *int32, token *string) ([]T, *string, error) {
	rows, next, err := wire.Page(items, name, int(*either(limit, new(int32(50)))), token)
	if err != nil {
		return nil, nil, unfit("The specified nextToken is invalid: %s.", err)
	}
	return rows, next, nil
}

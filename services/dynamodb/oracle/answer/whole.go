package answer

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// Asker makes one request.
type Asker func(op string, body []byte) (Answer, error)

const mostPages = 1000

// Whole makes a request and what follows from it, so that two DynamoDBs which
// cut their pages and segments at other places can be compared: a read with a
// Limit goes on to its end, a segment of a scan is followed by the others, and
// a table that changes is waited for. All items that were read are the output's
// "All"; counts are the sums.
func Whole(ctx context.Context, ask Asker, op string, body []byte) (Answer, error) {
	first, err := ask(op, body)
	if err != nil || first.Error != "" {
		return first, err
	}
	var input map[string]any
	if err := json.Unmarshal(body, &input); err != nil {
		return first, err
	}
	switch {
	case op == "UpdateTable" || op == "CreateTable":
		return first, settled(ctx, ask, input["TableName"])
	case op != "Query" && op != "Scan" || input["Limit"] == nil && input["TotalSegments"] == nil:
		return first, nil
	}
	w := walk{ask: ask, op: op, items: []any{}}
	segments, ok := input["TotalSegments"].(float64)
	if !ok {
		err = w.pages(input)
	}
	for i := range int(segments) {
		if err == nil && !w.failed {
			each := maps.Clone(input)
			each["Segment"] = i
			err = w.pages(each)
		}
	}
	if w.failed {
		return w.last, err
	}
	first.Output["All"], first.Output["Count"], first.Output["ScannedCount"] = w.items, w.count, w.scanned
	delete(first.Output, "Items")
	delete(first.Output, "LastEvaluatedKey")
	delete(first.Output, "ConsumedCapacity")
	return first, err
}

// walk goes through pages.
type walk struct {
	ask            Asker
	op             string
	items          []any
	count, scanned float64
	last           Answer
	failed         bool // the last answer is an error
}

func (w *walk) pages(input map[string]any) error {
	input = maps.Clone(input)
	for range mostPages {
		body, err := json.Marshal(input)
		if err != nil {
			return err
		}
		if w.last, err = w.ask(w.op, body); err != nil {
			return err
		}
		if w.failed = w.last.Error != ""; w.failed {
			return nil
		}
		list, _ := w.last.Output["Items"].([]any)
		w.items = append(w.items, list...)
		count, _ := w.last.Output["Count"].(float64)
		scanned, _ := w.last.Output["ScannedCount"].(float64)
		w.count, w.scanned = w.count+count, w.scanned+scanned
		if input["ExclusiveStartKey"] = w.last.Output["LastEvaluatedKey"]; input["ExclusiveStartKey"] == nil {
			return nil
		}
	}
	return fmt.Errorf("%s does not end after %d pages", w.op, mostPages)
}

// settled waits until a table and its indexes are as they were asked to be.
func settled(ctx context.Context, ask Asker, name any) error {
	body, err := json.Marshal(map[string]any{"TableName": name})
	if err != nil {
		return err
	}
	var a Answer
	for range 1000 {
		if a, err = ask("DescribeTable", body); err != nil {
			return err
		}
		t, _ := a.Output["Table"].(map[string]any)
		ready := t["TableStatus"] == "ACTIVE"
		indexes, _ := t["GlobalSecondaryIndexes"].([]any)
		for _, ix := range indexes {
			ready = ready && ix.(map[string]any)["IndexStatus"] == "ACTIVE"
		}
		if ready {
			return nil
		}
		if err := clock.Sleep(ctx, clock.Real(), 10*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("table %v does not become active: %s", name, text(a.Output))
}

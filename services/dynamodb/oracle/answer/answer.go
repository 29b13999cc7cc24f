// Package answer compares the answers of two DynamoDBs to one request.
//
// Answers are brought into one form first: sets are ordered, so are the items
// of answers that promise no order, and what no answer need say is left out.
// Errors are compared by code and message; where DynamoDB Local words an error
// otherwise than DynamoDB does, both are brought to DynamoDB's words (see
// wordings).
package answer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// Answer is what was answered to a request.
type Answer struct {
	Output  map[string]any `json:"output,omitempty"`
	Error   string         `json:"error,omitempty"` // code
	Message string         `json:"message,omitempty"`
	Reasons []any          `json:"reasons,omitempty"` // of a transaction that was cancelled
	Item    any            `json:"item,omitempty"`    // of a condition that failed
}

// Parse reads a response.
func Parse(status int, body []byte) (Answer, error) {
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		return Answer{}, fmt.Errorf("reading an answer: %w", err)
	}
	if status == 200 {
		return Answer{Output: m}, nil
	}
	var a Answer
	if t, ok := m["__type"].(string); ok {
		a.Error = t[strings.LastIndexByte(t, '#')+1:]
		if a.Error == "DuplicateItem" { // as DynamoDB Local calls it
			a.Error = "DuplicateItemException"
		}
	}
	for _, name := range []string{"message", "Message"} {
		if s, ok := m[name].(string); ok {
			a.Message = s
		}
	}
	a.Reasons, _ = m["CancellationReasons"].([]any)
	a.Item = m["Item"]
	return a, nil
}

// Verdict is how two answers compare.
type Verdict int

// The verdicts.
const (
	Same    Verdict = iota
	Wording         // both refuse with the same code, but say otherwise
	Differs
)

// Compare compares the answers to a request.
func Compare(op string, input map[string]any, a, b Answer) Verdict {
	if explained(op, input, a, b) {
		return Same
	}
	if a.Error != b.Error {
		return Differs
	}
	if a.Error != "" {
		if normalize(a.Message) != normalize(b.Message) {
			return Wording
		}
		if !reflect.DeepEqual(tidy(a.Item), tidy(b.Item)) {
			return Differs
		}
		return compareReasons(a.Reasons, b.Reasons)
	}
	x, y := shape(op, input, a.Output), shape(op, input, b.Output)
	if reflect.DeepEqual(x, y) {
		return Same
	}
	return Differs
}

// explained are differences that the documentation of DynamoDB decides, or that
// are faults of DynamoDB Local; a is Signalbox's answer.
func explained(op string, input map[string]any, a, b Answer) bool {
	switch {
	case b.Error == "InternalFailure":
		return true
	case b.Error == "TransactionCanceledException" && b.Reasons == nil:
		return a.Error == b.Error // DynamoDB Local leaves the reasons out
	case a.Error == "TransactionCanceledException" && (a.Error == b.Error && isInvalid(b) || b.Error == "ValidationException"):
		// API reference, TransactWriteItems, Cancellation reasons: Validation
		// Error. Which action's is told first is left open; where one is invalid,
		// DynamoDB Local may look at the others or not.
		return isInvalid(a)
	case op == "TransactWriteItems" && a.Error == "ValidationException" && isInvalid(b):
		// Two faults: a request whose members do not go together, and an action
		// that cannot be done.
		return true
	case b.Error == "ResourceNotFoundException" && a.Error == "ValidationException", op == "BatchGetItem" && a.Error == "ResourceNotFoundException" && b.Error == "ValidationException":
		// Two faults: a request that is wrong, of a table that is not there.
		return true
	case op == "Scan" && input["IndexName"] != nil && (input["FilterExpression"] != nil || input["ScanFilter"] != nil) && b.Error == "" && a.Error == "":
		// Developer guide, "Using global secondary indexes": what is not
		// projected is not there. DynamoDB Local filters by whole items.
		return !strings.HasSuffix(input["IndexName"].(string), "all")
	case strings.HasPrefix(b.Message, "The provided starting key does not match"):
		// DynamoDB Local does not take a key at the end of the range.
		n, _ := a.Output["Count"].(float64)
		return a.Error == "" && n == 0
	case strings.Contains(text(a), "Key attributes must be scalars"):
		// What can never be true is refused before the condition is looked at;
		// DynamoDB Local does not see all such paths.
		return b.Error == "ConditionalCheckFailedException" || b.Error == "TransactionCanceledException"
	case noValue.MatchString(a.Message):
		// What is no attribute is refused before the condition is looked at;
		// DynamoDB Local looks into older members later.
		return b.Error == "ConditionalCheckFailedException"
	case strings.HasSuffix(a.Message, "This attribute is part of the key"):
		// What can never be done is refused before the condition is looked at.
		return b.Error == "ConditionalCheckFailedException"
	case strings.HasPrefix(a.Message, "Transaction request cannot include multiple operations on one item"):
		// API reference, TransactWriteItems. DynamoDB Local evaluates the first one before.
		return b.Error == "TransactionCanceledException" || b.Error == "ValidationException"
	case input["AttributeUpdates"] != nil && a.Error == "ValidationException" && b.Error != "":
		// API reference, AttributeUpdates: what an action may be given. DynamoDB
		// Local looks at it after the condition.
		return strings.Contains(a.Message, "action is not supported for the type") || strings.Contains(a.Message, "DELETE action")
	}
	return false
}

var noValue = regexp.MustCompile(`^(Supplied AttributeValue|Empty attribute name|Number (over|under)flow|Attempting to store more than 38|The parameter cannot be converted to a numeric value|Input collection contains duplicates|One or more parameter values were invalid: (Input collection|An? .* set|Binary sets|Null attribute value))`)

func isInvalid(a Answer) bool {
	return slices.ContainsFunc(a.Reasons, func(r any) bool { return r.(map[string]any)["Code"] == "ValidationError" })
}

func compareReasons(a, b []any) Verdict {
	if len(a) != len(b) {
		return Differs
	}
	verdict := Same
	for i := range a {
		x, y := a[i].(map[string]any), b[i].(map[string]any)
		if x["Code"] != y["Code"] || !reflect.DeepEqual(tidy(x["Item"]), tidy(y["Item"])) {
			return Differs
		}
		m, _ := x["Message"].(string)
		n, _ := y["Message"].(string)
		if normalize(m) != normalize(n) {
			verdict = Wording
		}
	}
	return verdict
}

// wordings are DynamoDB's words for what DynamoDB Local says otherwise.
var wordings = []struct {
	local *regexp.Regexp
	words string
}{
	{regexp.MustCompile(`^Cannot do operations on a non-existent table$`), "Requested resource not found"},
	{regexp.MustCompile(`^(One of the required keys was not given a value|The number of conditions on the keys is invalid|The provided key element does not match the schema|One or more parameter values were invalid: Missing the key .* in the item)$`), "KEY"},
	{regexp.MustCompile(`^(One or more parameter values were invalid: Type mismatch for key.*|Invalid attribute value type)$`), "KEY"},
	{regexp.MustCompile(`; path one: .*$`), ""}, // DynamoDB Local shows some other pair
	// Of several faults of one update, some one is told.
	{regexp.MustCompile(`^(The provided expression refers to an attribute that does not exist in the item|The document path provided in the update expression is invalid for update|An operand in the update expression has an incorrect data type)$`), "UPDATE"},
	{regexp.MustCompile(`; lower bound operand: .*$`), ""}, // DynamoDB Local shows numbers as they were written
	{regexp.MustCompile(`^The conditional request failed\.$`), "The conditional request failed"},
	{regexp.MustCompile(`A value provided cannot be converted into a number`), "NUMBER"},
	{regexp.MustCompile(`The parameter cannot be converted to a numeric value(: [^;]*?)?( for key |$)`), "NUMBER$2"},
	{regexp.MustCompile(`DynamoDB only supports precision up to 38 digits`), "Attempting to store more than 38 significant digits in a Number"},
	{regexp.MustCompile(`^One or more parameter values were invalid: Type mismatch for Index Key.*$`), "KEY"},
	{regexp.MustCompile(`Input collection (\[.*\] ?)?(of type BS )?contains duplicates\.?`), "Input collection contains duplicates"},
	{regexp.MustCompile(`One or more parameter values were invalid: Input collection contains`), "Input collection contains"},
	{regexp.MustCompile(`^Consistent read cannot be true when (querying|scanning) a GSI$`), "Consistent reads are not supported on global secondary indexes"},
	{regexp.MustCompile(`^(Exclusive Start Key must have same size as table's key schema|The provided starting key .*|Type mismatch for attribute to update|Exclusive start key must lie within the segment)$`), "START"},
	{regexp.MustCompile(`^Query condition missed key schema element.*$`), "Query condition missed key schema element"},
	{regexp.MustCompile(`filter attributes: \[.*\]`), "filter attributes"},
	{regexp.MustCompile(`valid types: \{.*\}`), "valid types"},
	{regexp.MustCompile(`^Cannot have two attributes with the same name$`), "One or more parameter values were invalid: Duplicate value in attribute name"},
	{regexp.MustCompile(`Duplicate value in attribute name: .*`), "Duplicate value in attribute name"},
	{regexp.MustCompile(`^Invalid table/index name\..*`), "NAME"},
	{regexp.MustCompile(`keys: \{.*\}`), "keys"},
	{regexp.MustCompile(` IndexName: .*`), ""},
	{regexp.MustCompile(`^1 validation error detected: Value '.*' at 'segment' failed to satisfy constraint: Member must have value less than or equal to .*`), "SEGMENT"},
	{regexp.MustCompile(`^The Segment parameter is zero-based .*`), "SEGMENT"},
	{regexp.MustCompile(`^1 validation error detected: Value .* at 'requestItems.*' failed to satisfy constraint: Member must have length .*`), "BATCH"},
	{regexp.MustCompile(`^(The list of keys in RequestItems for BatchGetItem is required.*|The batch write request list for a table cannot be null or empty.*|Too many items requested for the Batch.*)`), "BATCH"},
}

func normalize(message string) string {
	for _, w := range wordings {
		message = w.local.ReplaceAllString(message, w.words)
	}
	return message
}

// Words are what a refusal says, without what differs from one to the next.
func Words(a Answer) string { return quoted.ReplaceAllString(normalize(a.Message), ": …") }

var quoted = regexp.MustCompile(`(keyword|name|value|key|token|near|type|operand|operands|function|operator|one|two): [^;]*`)

// shape brings an output into one form.
func shape(op string, input, out map[string]any) map[string]any {
	t, _ := tidy(out).(map[string]any)
	delete(t, "ItemCollectionMetrics") // DynamoDB Local knows none
	delete(t, "UnprocessedItems")
	delete(t, "UnprocessedKeys")
	delete(t, "TableDescription")
	if how := input["ReturnConsumedCapacity"]; how == nil || how == "NONE" || strings.HasPrefix(op, "Batch") || t["ScannedCount"] == 0.0 {
		// DynamoDB Local tells DeleteItem's unasked, and charges for what is
		// not there now more, now less than the developer guide says.
		delete(t, "ConsumedCapacity")
	}
	if c, ok := t["ConsumedCapacity"].(map[string]any); ok && input["TableName"] == "indexed" && input["Item"] != nil || input["Key"] != nil {
		// DynamoDB Local charges global indexes for items that they do not hold.
		delete(c, "GlobalSecondaryIndexes")
		delete(c, "CapacityUnits")
	}
	if op == "Scan" && input["IndexName"] != nil && (input["ProjectionExpression"] != nil || input["AttributesToGet"] != nil || input["Select"] == "ALL_ATTRIBUTES") {
		// Developer guide, "Local secondary indexes": what is not projected is
		// fetched from the table, and costs. DynamoDB Local does not charge scans.
		delete(t, "ConsumedCapacity")
	}
	if text, ok := input["Statement"].(string); ok && !strings.Contains(text, "ORDER BY") {
		order(t, "Items")
	}
	if op == "Scan" || op == "Query" && input["IndexName"] != nil {
		// Entries of one key have no order among them.
		order(t, "Items")
		order(t, "All")
	}
	if all, ok := t["Responses"].(map[string]any); ok {
		for table := range all {
			order(all, table)
		}
	}
	if list, ok := t["ConsumedCapacity"].([]any); ok {
		slices.SortFunc(list, byText)
	}
	return t
}

func order(m map[string]any, name string) {
	if list, ok := m[name].([]any); ok {
		slices.SortFunc(list, byText)
	}
}

func byText(a, b any) int { return cmp.Compare(text(a), text(b)) }

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// tidy copies a value, orders sets, and drops what is null.
func tidy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		if n, ok := v["N"].(string); ok && len(v) == 1 {
			return map[string]any{"N": number(n)}
		}
		for k, e := range v {
			if e == nil {
				continue
			}
			list, isList := e.([]any)
			e = tidy(e)
			if k == "NS" && isList {
				for i, n := range list {
					if n, ok := n.(string); ok {
						list[i] = number(n)
					}
				}
			}
			if isList && (k == "SS" || k == "NS" || k == "BS") && len(v) == 1 {
				sorted := slices.Clone(list)
				slices.SortFunc(sorted, byText)
				e = sorted
			}
			m[k] = e
		}
		return m
	case []any:
		list := []any{}
		for _, e := range v {
			list = append(list, tidy(e))
		}
		return list
	}
	return v
}

// number brings a number into one form: DynamoDB Local leaves those inside
// lists and maps as they were written.
func number(text string) string {
	n, err := item.ParseNumber(text)
	if err != nil {
		return text
	}
	return n.String()
}

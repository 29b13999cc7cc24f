package pattern

import (
	"fmt"
	"strings"
	"testing"
)

// Which words and which places the service answers was seen at AWS itself.
func TestFaultsInOperatorsAreWordedAndPlacedAsTheServiceDoes(t *testing.T) {
	const (
		ignoreCase = "equals-ignore-case match pattern must be a string"
		excluded   = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
		wildcard   = "wildcard match pattern must be a string"
		affix      = "prefix/suffix match pattern must be a string"
		either     = "Value of anything-but must be an array or single string/number value."
	)
	for _, c := range []struct {
		pattern, reason string
		column, times   int // times is how often the place is told
	}{
		{`{"detail-type": [{"equals-ignore-case": ["ec2 instance state-change notification"]}]}`, ignoreCase, 42, 1},
		{`{"detail-type": [{"equals-ignore-case": {"prefix": "ec2"}}]}`, ignoreCase, 42, 1},
		{`{"detail": {"state": [{"anything-but": {"equals-ignore-case": 123}}]}}`, excluded, 66, 1},
		{`{"detail": {"state": [{"anything-but": {"equals-ignore-case": [123, 456]}}]}}`, excluded, 67, 2},
		{`{"EventBusArn": [{"wildcard": 123}]}`, wildcard, 34, 1},
		{`{"EventBusArn": [{"wildcard": ["arn:**:event-bus/*"]}]}`, wildcard, 32, 1},
		{`{"detail": {"state": [{"anything-but": {"wildcard": [123, "*/dir/*"]}}]}}`, wildcard, 57, 2},
		{`{"detail": {"FilePath": [{"anything-but": {"wildcard": 123}}]}}`, wildcard, 59, 1},
		{`{"detail": {"FileName": [{"anything-but": {"suffix": [123, ".txt"]}}]}}`, affix, 58, 2},
		{`{"detail": {"FileName": [{"anything-but": {"suffix": 123}}]}}`, affix, 57, 1},
		{`{"detail": {"state": [{"anything-but": {"prefix": [123, "test"]}}]}}`, affix, 55, 2},
		{`{"detail": {"state": [{"anything-but": {"prefix": 123}}]}}`, affix, 54, 1},
		{`{"time": [{"prefix": ["2022-07-13"]}]}`, "prefix match pattern must be a string", 23, 1},
		{`{"time": [{"prefix": 123}]}`, "prefix match pattern must be a string", 25, 1},
		{`{"FileName": [{"suffix": 123}]}`, "suffix match pattern must be a string", 29, 1},
		{`{"FileName": [{"suffix": [".png"]}]}`, "suffix match pattern must be a string", 27, 1},
		{`{"detail": {"FileName": [{"anything-but": {"prefix": {"equals-ignore-case": "file"}}}]}}`, either, 55, 1},
		{`{"detail": {"FileName": [{"anything-but": {"suffix": {"equals-ignore-case": ".png"}}}]}}`, either, 55, 1},
		{`{"detail": {"sourceIPAddress": [{"cidr": ["bad-type"]}]}}`, "prefix match pattern must be a string", 43, 1},
		{`{"detail": {"sourceIPAddress": [{"cidr": "xx.11.xx/8"}]}}`, "Nonstandard IP address: xx.11.xx", 0, 0},
		{`{"detail": {"sourceIPAddress": [{"cidr": "xxxx:db8:1234:1a00::/64"}]}}`, "Nonstandard IP address: xxxx:db8:1234:1a00::", 0, 0},
		{`{"detail": {"sourceIPAddress": [{"cidr": "10.0.0.0/xx"}]}}`, "Malformed CIDR, mask bits must be an integer", 0, 0},
	} {
		place := fmt.Sprintf("\n at [Source: (String)\"%s\"; line: 1, column: %d]", c.pattern, c.column)
		want := "Event pattern is not valid. Reason: " + c.reason + strings.Repeat(place, c.times)
		if _, err := Parse([]byte(c.pattern)); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", c.pattern, err, want)
		}
	}
}

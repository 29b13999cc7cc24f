package pattern

import "testing"

func TestPatternsMatchAsTheServiceDoes(t *testing.T) {
	for _, c := range []struct {
		name, pattern, event string
		want                 bool
	}{
		{"a string matches itself", `{"a":["x"]}`, `{"a":"x"}`, true},
		{"a string does not match its beginning", `{"a":["x"]}`, `{"a":"xy"}`, false},
		{"numbers are equal by value", `{"a":[300]}`, `{"a":3e2}`, true},
		{"a number is not its string", `{"a":[300]}`, `{"a":"300"}`, false},
		{"numbers beyond a double are equal by text", `{"a":[9007199254740993]}`, `{"a":9007199254740993}`, true},
		{"numbers beyond a double differ by text", `{"a":[9007199254740993]}`, `{"a":9007199254740993.0}`, false},
		{"an empty array has no leaf", `{"a":[{"exists":true}]}`, `{"a":[]}`, false},
		{"an empty object has no leaf", `{"a":[{"exists":false}]}`, `{"a":{}}`, true},
		{"null is a leaf", `{"a":[{"exists":true}]}`, `{"a":null}`, true},
		{"anything-but takes null", `{"a":[{"anything-but":["x"]}]}`, `{"a":null}`, true},
		{"anything-but wants a leaf", `{"a":[{"anything-but":["x"]}]}`, `{"b":1}`, false},
		{"one differing element suffices for anything-but", `{"a":[{"anything-but":["x"]}]}`, `{"a":["x","y"]}`, true},
		{"fields bind one element", `{"l":{"a":[1],"b":[2]}}`, `{"l":[{"a":1},{"b":2}]}`, false},
		{"fields are found in one element", `{"l":{"a":[1],"b":[2]}}`, `{"l":[{"a":1},{"a":1,"b":2}]}`, true},
		{"arrays in arrays bind each level", `{"x":{"a":[1],"b":[2]}}`, `{"x":[[{"a":1}],[{"b":2}]]}`, false},
		{"absence after a bound element", `{"l":{"a":[1],"b":[{"exists":false}]}}`, `{"l":[{"a":1},{"b":1}]}`, true},
		{"absence before a bound element", `{"l":{"c":[1],"b":[{"exists":false}]}}`, `{"l":[{"c":1},{"b":1}]}`, false},
		{"dots join in events", `{"a":{"b":[1]}}`, `{"a.b":1}`, true},
		{"dots join in patterns", `{"a.b":[1]}`, `{"a":{"b":1}}`, true},
		{"the last of a doubled member counts", `{"a":[1],"a":[2]}`, `{"a":1}`, false},
		{"what the last of a doubled member replaces may be too complex", `{"a":[{"wildcard":"*a*a*a*a*a*a"}],"a":[2]}`, `{"a":2}`, true},
		{"or takes either", `{"$or":[{"a":[1]},{"b":[1]}]}`, `{"b":1}`, true},
		{"or may be a plain member", `{"$or":["a","b"]}`, `{"$or":"b"}`, true},
		{"the empty prefix takes any string", `{"a":[{"prefix":""}]}`, `{"a":"x"}`, true},
		{"the empty prefix takes no number", `{"a":[{"prefix":""}]}`, `{"a":1}`, false},
		{"stars take line breaks", `{"a":[{"wildcard":"x*y"}]}`, `{"a":"x\n\ny"}`, true},
		{"pieces of a wildcard do not overlap", `{"a":[{"wildcard":"aba*aba"}]}`, `{"a":"ababa"}`, false},
		{"a wildcard's star may be escaped", `{"a":[{"wildcard":"x\\*y"}]}`, `{"a":"x*y"}`, true},
		{"addresses match other spellings", `{"a":["2001:db8::1"]}`, `{"a":"2001:DB8:0:0:0:0:0:1"}`, true},
		{"host bits are allowed", `{"a":[{"cidr":"10.0.0.33/8"}]}`, `{"a":"10.1.2.3"}`, true},
		{"ß accepts SS", `{"a":[{"equals-ignore-case":"straße"}]}`, `{"a":"STRASSE"}`, true},
		{"ß does not accept ss", `{"a":[{"equals-ignore-case":"straße"}]}`, `{"a":"strasse"}`, false},
		{"final sigma does not accept sigma", `{"a":[{"equals-ignore-case":"ς"}]}`, `{"a":"σ"}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Parse([]byte(c.pattern))
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Match([]byte(c.event))
			if err != nil || got != c.want {
				t.Errorf("%s against %s: got %v, %v", c.pattern, c.event, got, err)
			}
		})
	}
}

func TestFaultsAreWordedAsTheServiceWordsThem(t *testing.T) {
	const p = "Event pattern is not valid. Reason: "
	for _, c := range []struct{ pattern, want string }{
		{`{"int": 42}`, "\"int\" must be an object or an array\n at [Source: (String)\"{\"int\": 42}\"; line: 1, column: 11]"},
		{`{"string": "my-value"}`, "\"string\" must be an object or an array\n at [Source: (String)\"{\"string\": \"my-value\"}\"; line: 1, column: 13]"},
		{`{"resources": []}`, "Empty arrays are not allowed\n at [Source: (String)\"{\"resources\": []}\"; line: 1, column: 17]"},
		{`{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}`, "Unrecognized match type NUMERIC\n at [Source: (String)\"{\"detail\": {\"equal\": [{\"NUMERIC\": [\"=\", 5]}]}}\"; line: 1, column: 36]"},
		{`{"my_key": [{"EXISTS": true}]}`, "Unrecognized match type EXISTS\n at [Source: (String)\"{\"my_key\": [{\"EXISTS\": true}]}\"; line: 1, column: 28]"},
		{`{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}`, "Bad numeric range operator: >\n at [Source: (String)\"{\"detail\": {\"c-count\": [{\"numeric\": [\">\", 0, \">\", 0]}]}}\"; line: 1, column: 49]"},
		{`{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}`, "Value of < must be numeric\n at [Source: (String)\"{\"detail\": {\"c-count\": [{\"numeric\": [\">\", 0, \"<\"]}]}}\"; line: 1, column: 50]"},
		{`{"detail": {"state": [{"anything-but": {"equals-ignore-case": [123, 456]}}]}}`, "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.\n at [Source: (String)\"{\"detail\": {\"state\": [{\"anything-but\": {\"equals-ignore-case\": [123, 456]}}]}}\"; line: 1, column: 67]\n at [Source: (String)\"{\"detail\": {\"state\": [{\"anything-but\": {\"equals-ignore-case\": [123, 456]}}]}}\"; line: 1, column: 67]"},
		{`this is valid json but not a dict`, "Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: (String)\"this is valid json but not a dict\"; line: 1, column: 5]"},
		{`{'bad': 'quotation'}`, "Unexpected character (''' (code 39)): was expecting double-quote to start field name\n at [Source: (String)\"{'bad': 'quotation'}\"; line: 1, column: 2]"},
		{`{"not": closed mark"`, "Unrecognized token 'closed': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: (String)\"{\"not\": closed mark\"\"; line: 1, column: 15]"},
		{`["not", "a", "dict", "but valid json"]`, "Filter is not an object\n at [Source: (String)\"[\"not\", \"a\", \"dict\", \"but valid json\"]\"; line: 1, column: 2]"},
		{`{"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}`, "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character"},
		{`{"a": [{"cidr": "10.0.0.0"}]}`, "Malformed CIDR, one '/' required"},
	} {
		_, err := Parse([]byte(c.pattern))
		if err == nil || err.Error() != p+c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.pattern, err, p+c.want)
		}
	}
}

package pattern

import "testing"

func TestExplainNamesTheNearestMiss(t *testing.T) {
	for _, c := range []struct{ name, pattern, event, want string }{
		{"a string for a number", `{"detail":{"amount":[300]}}`, `{"detail":{"amount":"300"}}`, `detail.amount is the string "300", the pattern wants the number 300`},
		{"a number for a string", `{"a":["300"]}`, `{"a":300}`, `a is the number 300, the pattern wants a string`},
		{"a string for a range", `{"a":[{"numeric":[">",5]}]}`, `{"a":"7"}`, `a is the string "7", the pattern wants a number`},
		{"a number out of range", `{"a":[{"numeric":[">",5,"<=",9]}]}`, `{"a":3}`, `a is the number 3, which is not > 5 and <= 9`},
		{"other case", `{"detail-type":["Order"]}`, `{"detail-type":"order"}`, `detail-type differs only in case: it is "order", the pattern wants "Order"`},
		{"white space", `{"a":["x"]}`, `{"a":"x "}`, `a has white space around it: it is "x "`},
		{"a star that is none", `{"a":["x*"]}`, `{"a":"xyz"}`, `a is "xyz"; a star stands for itself unless the pattern says {"wildcard": "x*"}`},
		{"a boolean in quotation marks", `{"a":[true]}`, `{"a":"true"}`, `a is the string "true", the pattern wants true without quotation marks`},
		{"several alternatives", `{"a":["x",{"prefix":"y"}]}`, `{"a":"z"}`, `a is the string "z", the pattern wants "x" or {"prefix":"y"}`},
		{"many alternatives", `{"a":["x","y","z","u","v","w"]}`, `{"a":7}`, `a is the number 7, the pattern wants "x", "y", "z", "u" or one of 2 more`},
		{"five alternatives", `{"a":[1,2,3,4,5]}`, `{"a":7}`, `a is the number 7, the pattern wants 1, 2, 3, 4 or 5`},
		{"the likeliest of several", `{"a":["x","Order"]}`, `{"a":"order"}`, `a differs only in case: it is "order", the pattern wants "Order"`},
		{"another beginning", `{"a":[{"prefix":"x"}]}`, `{"a":"yx"}`, `a is the string "yx", which does not begin with "x"`},
		{"another end", `{"a":[{"suffix":{"equals-ignore-case":"X"}}]}`, `{"a":"xy"}`, `a is the string "xy", which does not end with "X" in any case`},
		{"no fit", `{"a":[{"wildcard":"a*b"}]}`, `{"a":"abc"}`, `a is the string "abc", which does not fit the wildcard "a*b"`},
		{"a boolean for text", `{"a":[{"prefix":"x"}]}`, `{"a":true}`, `a is true, the pattern wants a string`},
		{"an address outside", `{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":"11.0.0.1"}`, `a is the string "11.0.0.1", which is no address in the block of {"cidr":"10.0.0.0/8"}`},
		{"no address", `{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":"localhost"}`, `a is the string "localhost", which is no IP address`},
		{"absence for null", `{"a":[null]}`, `{"b":1}`, `the event has no a; null matches a member that is null, {"exists": false} one that is absent`},
		{"absence for anything but", `{"a":[{"anything-but":"x"}]}`, `{"b":1}`, `the event has no a; anything-but wants the member to be there`},
		{"the name in the SDK's spelling", `{"detail-type":["x"]}`, `{"detailType":"x"}`, `the event has detailType: the names differ only in case, hyphens and underscores`},
		{"an excluded value", `{"a":[{"anything-but":["x"]}]}`, `{"a":"x"}`, `a is the string "x", which the pattern excludes`},
		{"another place", `{"detail":{"state":["on"]}}`, `{"state":"on"}`, `the pattern nests state under detail, the event has it at the top`},
		{"another name's case", `{"detail":{"state":["on"]}}`, `{"detail":{"State":"on"}}`, `the event has detail.State: the names differ only in case`},
		{"nothing at all", `{"detail":{"state":["on"]}}`, `{"x":1}`, `the event has no detail.state`},
		{"an object for a value", `{"a":["x"]}`, `{"a":{"b":"x"}}`, `a is an object in the event; a pattern looks at the values inside it`},
		{"a value for an object", `{"a":{"b":["x"]}}`, `{"a":"x"}`, `a is the string "x" in the event, the pattern looks inside it`},
		{"JSON in a string", `{"detail":{"b":["x"]}}`, `{"detail":"{\"b\":\"x\"}"}`, `detail is a string with JSON inside, not an object: it was encoded twice`},
		{"an empty array", `{"a":[{"exists":true}]}`, `{"a":[]}`, `a is empty in the event: it has no value`},
		{"what should be absent from all elements", `{"l":{"a":[{"exists":false}]}}`, `{"l":[{"a":1},{}]}`, `l.a is the number 1, the pattern wants it to be absent`},
		{"what should be absent", `{"a":[{"exists":false}]}`, `{"a":null}`, `a is null, the pattern wants it to be absent`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Parse([]byte(c.pattern))
			if err != nil {
				t.Fatal(err)
			}
			e, err := Explain(p, []byte(c.event))
			if err != nil || e.Matched || len(e.Members) != 1 || e.Members[0].Matched {
				t.Fatalf("%+v, %v", e, err)
			}
			if got := e.Members[0].Reason; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestExplainSaysThatMembersLieInDifferentElements(t *testing.T) {
	p, err := Parse([]byte(`{"l":{"a":[1],"b":[2]}}`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Explain(p, []byte(`{"l":[{"a":1},{"b":2}]}`))
	want := "every member matches by itself, but not within one and the same element of the array that l.a lies in"
	if err != nil || e.Matched || e.Reason != want {
		t.Errorf("got %q, %v, %v", e.Reason, e.Matched, err)
	}
}

func TestExplainTakesTheBranchThatMatched(t *testing.T) {
	p, err := Parse([]byte(`{"$or":[{"a":[1]},{"b":["x",{"prefix":"y"}]}],"c":[{"exists":false}]}`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Explain(p, []byte(`{"b":"yes"}`))
	if err != nil || !e.Matched || e.Branch != 1 || e.Branches != 2 || len(e.Members) != 2 {
		t.Fatalf("%+v, %v", e, err)
	}
	if m := e.Members[0]; m.Path != "b" || !m.Matched || m.Alternative != `{"prefix":"y"}` || len(m.Found) != 1 || m.Found[0] != `"yes"` {
		t.Errorf("%+v", m)
	}
}

package expr

import (
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

const sample = `{"n":{"N":"5"},"s":{"S":"hello"},"l":{"L":[{"N":"1"},{"N":"2"},{"N":"3"}]},"m":{"M":{"q":{"N":"1"},"r":{"M":{}}}},"ss":{"SS":["a","b"]},"b":{"B":"AAE="},"nil1":{"NULL":true}}`

const placeholders = `{":one":{"N":"1"},":two":{"N":"2"},":five":{"N":"5"},":h":{"S":"hel"},":set":{"SS":["a"]},":ab":{"SS":["b","a"]},":list":{"L":[{"S":"x"}]},":N":{"S":"N"},":null":{"NULL":true}}`

func parse(t testing.TB, text string) item.Item {
	t.Helper()
	it, err := item.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func params(t testing.TB) *Params {
	t.Helper()
	p, err := NewParams(map[string]string{"#n": "n", "#dot": "a.b", "#s": "s"}, []byte(placeholders))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConditions(t *testing.T) {
	it := parse(t, sample)
	for _, c := range []struct {
		text string
		want bool
	}{
		{"n = :five", true}, {"#n > :one AND #n < :five", false}, {"n BETWEEN :one AND :five", true}, {"n IN (:one, :five)", true},
		{"NOT n = :five", false}, {"not (n = :one or s = :h)", true}, {"n = :one OR n = :five AND s = :h", false},
		{"begins_with(s, :h)", true}, {"contains(s, :h)", true}, {"contains(l, :two)", true}, {"contains(ss, :h)", false},
		{"attribute_type(n, :N)", true}, {"attribute_exists(m.q)", true}, {"attribute_not_exists(m.r.z)", true}, {"attribute_exists(#dot)", false},
		{"size(s) = :five", true}, {"size(l) > size(m)", true}, {"size(n) = :one", false}, {"l[1] = :two", true}, {"l[9] = :two", false},
		{"ss = :ab", true}, {"nil1 = :null", true}, {"nope <> :one", true}, {"nope = :one", false}, {"nope < :one", false}, {"s <> n", true},
		{":one = :one", true}, {"(n) = (:five)", true}, {"size(b) = :two", true}, {"s < :one", false},
	} {
		p := params(t)
		cond, err := p.Condition(ConditionExpression, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := cond.Holds(it); got != c.want {
			t.Errorf("%s is %v", c.text, got)
		}
	}
}

func TestExpressionsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "The expression can not be empty;"},
		{" ", `Syntax error; token: "<EOF>", near: " "`},
		{"n", `Syntax error; token: "<EOF>", near: "n"`},
		{"n s = :one", `Syntax error; token: "s", near: "n s ="`},
		{"(n = :one", `Syntax error; token: "<EOF>", near: ":one"`},
		{"n = 'a'", `Syntax error; token: "'", near: "= 'a"`},
		{"x..y = :one", `Syntax error; token: ".", near: "..y"`},
		{"set = :one", `Syntax error; token: "set", near: "set ="`},
		{"((n = :one))", "The expression has redundant parentheses;"},
		{"abort = :one", "Attribute name is a reserved keyword; reserved keyword: abort"},
		{"#no = :one", "An expression attribute name used in the document path is not defined; attribute name: #no"},
		{"n = :no", "An expression attribute value used in expression is not defined; attribute value: :no"},
		{"n = n", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]"},
		{"foo(n)", "Invalid function name; function: foo"},
		{"size(n)", "The function is not allowed to be used this way in an expression; function: size"},
		{"attribute_exists(n) = :one", "The function is not allowed to be used this way in an expression; function: attribute_exists"},
		{"attribute_exists(n, s)", "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2"},
		{"attribute_exists(:one)", "Operator or function requires a document path; operator or function: attribute_exists"},
		{"if_not_exists(n, :one) = :one", "The function is not allowed in a condition expression; function: if_not_exists"},
		{"n < :null", "Incorrect operand type for operator or function; operator or function: <, operand type: NULL"},
		{"n BETWEEN :five AND :one", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"},
		{"n BETWEEN :h AND :one", "The BETWEEN operator requires same data type for lower and upper bounds"},
		{"attribute_type(n, :h)", "Invalid attribute type name found; type: hel"},
		{"n[99999999999] = :one", "List index is not within the allowable range; index: [99999999999]"},
		{"n" + strings.Repeat(".n", 32) + " = :one", "The document path has too many nesting levels; nesting levels: 33"},
		{"n = :one" + strings.Repeat(" or n = :one", 150), "The expression contains too many operators; operator count: 301"},
		{"n IN (:one" + strings.Repeat(",:one", 100) + ")", "The IN operator is provided with too many operands; number of operands: 101"},
		{strings.Repeat("n", 4097), "Expression size has exceeded the maximum allowed size; expression size: 4097"},
	} {
		_, err := params(t).Condition(ConditionExpression, c.text)
		if err == nil || !strings.Contains(err.Error(), "Invalid ConditionExpression: "+c.want) {
			t.Errorf("%.60s: %v\nwant …%s", c.text, err, c.want)
		}
	}
}

func TestUpdates(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SET n = n + :one", `n 6`}, {"SET n = :five - n", `n 0`}, {"SET n = if_not_exists(nope, :two)", `n 2`},
		{"SET l[1] = :five", `l [1 5 3]`}, {"SET l[9] = :five, l[8] = :two", `l [1 2 3 2 5]`}, {"REMOVE l[0], l[1]", `l [3]`},
		{"REMOVE l[0] SET l[1] = :five", `l [5 3]`}, {"SET l = list_append(l, :list)", `l [1 2 3 x]`}, {"SET m.r.z = :one", `m {q:1 r:{z:1}}`},
		{"ADD n :one", `n 6`}, {"ADD nope :one", `nope 1`}, {"ADD ss :ab", `ss (a b)`}, {"DELETE ss :set", `ss (b)`}, {"DELETE ss :ab", `ss`},
		{"REMOVE s, m.q", `s, m {r:{}}`}, {"SET s = n, n = s", `s 5, n hello`}, {"REMOVE nope, l[7]", `l [1 2 3]`}, {"SET #dot = (:one)", `a.b 1`},
	} {
		u, err := params(t).Update(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		old := parse(t, sample)
		got, err := u.Apply(old)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for want := range strings.SplitSeq(c.want, ", ") {
			name, value, _ := strings.Cut(want, " ")
			v, ok := got[name]
			if plain(v) != value || ok != (value != "") {
				t.Errorf("%s: %s is %s, want %q", c.text, name, plain(v), value)
			}
		}
		if !item.Equal(item.Value{Kind: item.M, Map: old}, item.Value{Kind: item.M, Map: parse(t, sample)}) {
			t.Errorf("%s changed the old item", c.text)
		}
	}
}

// plain writes a value as the tests do.
func plain(v item.Value) string {
	var list []string
	switch v.Kind {
	case item.L:
		for _, e := range v.List {
			list = append(list, plain(e))
		}
		return "[" + strings.Join(list, " ") + "]"
	case item.SS, item.NS, item.BS:
		for _, e := range v.List {
			list = append(list, plain(e))
		}
		return "(" + strings.Join(list, " ") + ")"
	case item.M:
		for _, name := range v.Map.Names() {
			list = append(list, name+":"+plain(v.Map[name]))
		}
		return "{" + strings.Join(list, " ") + "}"
	}
	return v.Text
}

func TestUpdatesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SET n = :one SET s = :one", `The "SET" section can only be used once in an update expression;`},
		{"SET m.q = :one, m = :one", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, q], path two: [m]"},
		{"SET m.q = :one, m[0] = :one", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, q], path two: [m, [0]]"},
		{"SET n = n + :h", "Incorrect operand type for operator or function; operator or function: +, operand type: S"},
		{"SET l = list_append(l, :one)", "Incorrect operand type for operator or function; operator or function: list_append, operand type: N"},
		{"SET n = size(s)", "The function is not allowed in an update expression; function: size"},
		{"SET n = if_not_exists(:one, :one)", "Operator or function requires a document path; operator or function: if_not_exists"},
		{"FOO n", `Syntax error; token: "FOO", near: "FOO n"`},
		{"SET n = :one,", `Syntax error; token: "<EOF>", near: ","`},
		{"ADD n n", `Syntax error; token: "n", near: "n n"`},
	} {
		if _, err := params(t).Update(c.text); err == nil || !strings.Contains(err.Error(), "Invalid UpdateExpression: "+c.want) {
			t.Errorf("%s: %v\nwant …%s", c.text, err, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"SET n = nope", "refers to an attribute that does not exist"}, {"SET n = s + :one", "incorrect data type"},
		{"SET nope.a = :one", "document path provided in the update expression is invalid"}, {"SET l[0].a = :one", "document path"},
		{"REMOVE nope.a", "document path"}, {"ADD s :one", "incorrect data type"}, {"DELETE n :set", "incorrect data type"},
	} {
		u, err := params(t).Update(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Apply(parse(t, sample)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
	for _, text := range []string{"ADD n :h", "DELETE ss :h"} {
		if u, err := params(t).Update(text); err != nil || u.Fault() == nil {
			t.Errorf("%s: %v, and no fault", text, err)
		}
	}
}

func TestProjections(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"n, s", "{n:5 s:hello}"}, {"l[2], l[0]", "{l:[1 3]}"}, {"m.q", "{m:{q:1}}"}, {"m.nope, l[7]", "{}"}, {"m . r", "{m:{r:{}}}"}, {"#dot", "{}"},
	} {
		p, err := params(t).Projection(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := plain(item.Value{Kind: item.M, Map: p.Of(parse(t, sample))}); got != c.want {
			t.Errorf("%s is %s, want %s", c.text, got, c.want)
		}
	}
	for _, text := range []string{"n,", "n n", "n, n", "m.q, m", "(n)", ":one", "size(n)", "abort", "[0]"} {
		if _, err := params(t).Projection(text); err == nil {
			t.Errorf("%s was not refused", text)
		}
	}
}

// FuzzExpressions checks that no text breaks the parsers, and that what they
// accept can be applied.
func FuzzExpressions(f *testing.F) {
	for _, s := range []string{
		"n = :one AND (s = :h OR NOT contains(l, :two))", "SET n = n + :one, m.r = :list REMOVE l[0], s ADD ss :ab DELETE ss :set", "l[0], m.q, #n",
		"n BETWEEN :one AND :five", "((n)) = :one", "a.b[1].c[2] IN (:one, size(s))", "SET l[9] = if_not_exists(l[9], :one)", "((((((((((n = :one))))))))))",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		it := parse(t, sample)
		if c, err := params(t).Condition(FilterExpression, text); err == nil {
			c.Holds(it)
			c.Holds(nil)
		}
		if p, err := params(t).Projection(text); err == nil {
			p.Of(it)
		}
		_, _ = params(t).KeyCondition(text, []string{"n"})
		u, err := params(t).Update(text)
		if err != nil {
			return
		}
		if got, err := u.Apply(it); err == nil {
			written := got.AppendJSON(nil)
			if _, err := item.Parse(written); err != nil && !strings.Contains(err.Error(), "Nesting") {
				t.Errorf("%q makes an item that is refused: %s: %v", text, written, err)
			}
		}
	})
}

package partiql

import (
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

func TestConditionsBecomeExpressions(t *testing.T) {
	for statement, want := range map[string]string{
		`SELECT * FROM orders WHERE a = 1 AND NOT b IN [1, 2]`:             `(#p0 = :p0 AND (NOT #p1 IN (:p1, :p2)))`,
		`SELECT * FROM orders WHERE "a b".c[2] <> 'it''s' OR d IS MISSING`: `(#p0.#p1[2] <> :p0 OR attribute_not_exists(#p2))`,
		`SELECT * FROM orders WHERE 5 < a`:                                 `#p0 > :p0`,
		`SELECT * FROM orders WHERE a NOT BETWEEN 1 AND 2 AND size(b) > 1`: `((NOT #p0 BETWEEN :p0 AND :p1) AND size(#p1) > :p2)`,
		`SELECT * FROM orders WHERE (begins_with(a, 'x') or a != 'y')`:     `(begins_with(#p0, :p0) OR #p0 <> :p1)`,
		`SELECT * FROM orders WHERE a IS NOT NULL`:                         `(NOT attribute_type(#p0, :p0))`,
	} {
		s, err := Parse(statement, nil)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		var e Expression
		if got := e.Render(s.Where); got != want {
			t.Errorf("%s: %s, want %s", statement, got, want)
		}
	}
}

func TestLiteralsAndParametersAreValues(t *testing.T) {
	s, err := Parse(`INSERT INTO "orders" VALUE {'s': 'x', "n": -1.50, 'l': [TRUE, null, ?], 'm': {'k': ?}, 'ss': <<'a', 'b'>>, 'ns': <<1, 2>>}`,
		[]item.Value{item.String("first"), {Kind: item.B, Text: "\x01"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"l":{"L":[{"BOOL":true},{"NULL":true},{"S":"first"}]},"m":{"M":{"k":{"B":"AQ=="}}},"n":{"N":"-1.5"},"ns":{"NS":["1","2"]},"s":{"S":"x"},"ss":{"SS":["a","b"]}}`
	if got := string(s.Item.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheKeyIsTakenOutOfACondition(t *testing.T) {
	for where, want := range map[string]bool{
		`h = 'a' AND r = 1`:                 true,
		`r = 1 AND x > 2 AND 'a' = h`:       true,
		`h = 'a'`:                           false,
		`h = 'a' AND r > 1`:                 false,
		`h = 'a' OR r = 1`:                  false,
		`h = 'a' AND NOT r = 1`:             false,
		`h.x = 'a' AND r = 1`:               false,
		`h = other AND r = 1`:               false,
		`h = 'a' AND (r = 1 AND x IS NULL)`: true,
	} {
		s, err := Parse("DELETE FROM orders WHERE "+where, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok := s.Where.Split([]string{"h", "r"}); ok != want {
			t.Errorf("%s has the whole key: %v", where, ok)
		}
	}
}

func TestWhatIsNoStatement(t *testing.T) {
	for _, text := range []string{
		"", "SELEC * FROM orders", "SELECT * FROM", "SELECT FROM orders", "SELECT * FROM orders WHERE", "SELECT * FROM orders WHERE a", "SELECT * FROM orders WHERE a = 1 b",
		"SELECT * FROM orders WHERE a = 'x", `SELECT * FROM "orders`, "SELECT * FROM orders WHERE a IN ()", "INSERT INTO orders VALUE 5", "INSERT INTO orders VALUE {'a': <<>>}",
		"INSERT INTO orders VALUE {'a': <<1, 'x'>>}", "UPDATE orders WHERE h = 1", "UPDATE orders SET a WHERE h = 1", "DELETE orders", "SELECT * FROM orders WHERE a = 1 RETURNING ALL OLD *",
		"DELETE FROM orders WHERE h = 1 RETURNING SOME OLD *", "SELECT a[x] FROM orders", "SELECT * FROM orders; SELECT * FROM orders", "SELECT * FROM orders WHERE a = €",
		"SELECT * FROM orders WHERE " + strings.Repeat("NOT ", 1000) + "a = 1",
	} {
		if _, err := Parse(text, nil); err == nil || !strings.Contains(err.Error(), "well formed") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, values := range map[string][]item.Value{"SELECT * FROM orders WHERE a = ?": nil, "SELECT * FROM orders": {item.String("x")}} {
		if _, err := Parse(text, values); err == nil || !strings.Contains(err.Error(), "Number of parameters") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`SELECT a, b.c[1] FROM "orders"."by" WHERE h = ? AND r BETWEEN 1 AND 2e3 ORDER BY r DESC`, `INSERT INTO orders VALUE {'a': <<'x'>>, 'b': [1, {'c': NULL}]}`,
		`UPDATE orders SET a = a + 1, s = set_add(s, <<1>>) REMOVE b WHERE h = 'x' RETURNING ALL NEW *`, `EXISTS(SELECT * FROM orders WHERE NOT (a IS MISSING OR b IN [1]))`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, []item.Value{item.String("x")})
		if err != nil {
			return
		}
		if s.Table == "" {
			t.Errorf("%q is of no table", text)
		}
		if s.Where != nil {
			var e Expression
			e.Render(s.Where)
		}
	})
}

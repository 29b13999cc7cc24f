package pattern_test

import (
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/pattern"
)

func Example() {
	p, err := pattern.Parse([]byte(`{
		"source": ["shop.orders"],
		"detail": {"total": [{"numeric": [">", 100]}]}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	matched, err := p.Match([]byte(`{"source": "shop.orders", "detail": {"total": 120.50}}`))
	fmt.Println(matched, err)
	// Output: true <nil>
}

func ExampleParse_refused() {
	_, err := pattern.Parse([]byte(`{"source": "shop.orders"}`))
	fmt.Println(err)
	// Output:
	// Event pattern is not valid. Reason: "source" must be an object or an array
	//  at [Source: (String)"{"source": "shop.orders"}"; line: 1, column: 13]
}

func ExampleMatcher() {
	m := pattern.NewMatcher[string]()
	for name, text := range map[string]string{
		"large":   `{"detail": {"total": [{"numeric": [">=", 1000]}]}}`,
		"foreign": `{"detail": {"country": [{"anything-but": "DE"}]}}`,
		"either":  `{"$or": [{"detail": {"total": [1200]}}, {"source": ["test"]}]}`,
	} {
		p, err := pattern.Parse([]byte(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := m.Put(name, p); err != nil {
			fmt.Println(err)
			return
		}
	}
	names, err := m.Match(nil, []byte(`{"source": "shop", "detail": {"total": 1.2e3, "country": "DE"}}`))
	slices.Sort(names)
	fmt.Println(names, err)
	// Output: [either large] <nil>
}

func ExampleExplain() {
	p, err := pattern.Parse([]byte(`{"detail-type": ["Order Placed"], "detail": {"amount": [300]}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := pattern.Explain(p, []byte(`{"detail-type": "order placed", "detail": {"amount": "300"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range e.Members {
		fmt.Println(m.Reason)
	}
	// Output:
	// detail-type differs only in case: it is "order placed", the pattern wants "Order Placed"
	// detail.amount is the string "300", the pattern wants the number 300
}

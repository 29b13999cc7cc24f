// Package lots generates events of the shape of event-ruler's benchmark data
// (citylots2: the lots of San Francisco as GeoJSON) and the rule sets of its
// benchmarks, for measuring both engines on the same.
package lots

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var streets = []string{"FULTON", "MASON", "JEFFERSON", "BEACH", "HYDE", "CHESTNUT", "FOLSOM", "17TH", "BLANKEN", "DRUMM",
	"ACADIA", "RHODE ISLAND", "CLAYTON", "LAKE", "GRIMM", "KING", "SANTIAGO", "MISSION", "OCEAN", "VALLEJO", "NORIEGA",
	"BUSH", "PINE", "GEARY", "CALIFORNIA", "SACRAMENTO", "WASHINGTON", "JACKSON", "PACIFIC", "BROADWAY", "UNION", "GREEN",
	"FILBERT", "GREENWICH", "LOMBARD", "FRANCISCO", "BAY", "NORTH POINT", "DIVISADERO", "FILLMORE", "STEINER", "PIERCE"}

var types = []string{`"ST"`, `"ST"`, `"ST"`, `"AVE"`, `"AVE"`, `"BLVD"`, `"WAY"`, "null"}

// Events returns n lots.
func Events(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	events := make([][]byte, n)
	for i := range events {
		block, lot := r.IntN(9999), 1+r.IntN(200)
		blklot := fmt.Sprintf("%04d%03d", block, lot)
		x, y := -122.5+0.15*r.Float64(), 37.7+0.1*r.Float64()
		var b strings.Builder
		kind := "Polygon"
		if r.IntN(1000) == 0 {
			kind = "MultiPolygon"
		}
		fmt.Fprintf(&b, `{ "type": "Feature", "properties": { "MAPBLKLOT": "%s", "BLKLOT": "%s", "BLOCK_NUM": "%04d", "LOT_NUM": "%03d", "FROM_ST": "%d", "TO_ST": "%d", "STREET": "%s", "ST_TYPE": %s, "ODD_EVEN": "%s" }, "geometry": { "type": "%s", "firstCoordinates": { "x": %.14f, "y": %.15f, "z": 0.0 }, "coordinates": [ `,
			blklot, blklot, block, lot, r.IntN(4000), r.IntN(4000), streets[r.IntN(len(streets))], types[r.IntN(len(types))],
			[]string{"E", "O"}[i%2], kind, x, y)
		for j := range 4 + r.IntN(5) {
			if j > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, `{ "x": %.14f, "y": %.15f, "z": 0.0 }`, x+0.0003*r.Float64(), y+0.0003*r.Float64())
		}
		b.WriteString(" ] } }")
		events[i] = []byte(b.String())
	}
	return events
}

// Set is a set of rules.
type Set struct {
	Name  string
	Rules []string
}

// Sets returns the rule sets of event-ruler's benchmarks and their mixtures.
func Sets() []Set {
	property := func(name string, tests ...string) []string {
		var rules []string
		for _, t := range tests {
			rules = append(rules, fmt.Sprintf(`{"properties":{"%s":[%s]}}`, name, t))
		}
		return rules
	}
	geometry := func(where string) []string {
		return []string{
			`{"geometry":{"type":["Polygon"],"` + where + `":{"x":[{"numeric":["=",-122.42916360922355]}]}}}`,
			`{"geometry":{"type":["MultiPolygon"],"` + where + `":{"y":[{"numeric":["=",37.729900216217324]}]}}}`,
			`{"geometry":{"` + where + `":{"x":[{"numeric":["<",-122.41600944012424]}]}}}`,
			`{"geometry":{"` + where + `":{"x":[{"numeric":[">",-122.41600944012424]}]}}}`,
			`{"geometry":{"` + where + `":{"x":[{"numeric":[">",-122.46471267081272,"<",-122.4063085128395]}]}}}`,
		}
	}
	anythingBut := func(one string) []string {
		f := func(v string) string { return fmt.Sprintf(one, v) }
		return append(append(property("STREET", f("FULTON"), f("MASON")), property("ST_TYPE", f("ST"))...),
			`{"geometry":{"type":[`+f("Polygon")+`]}}`, property("FROM_ST", f("441"))[0])
	}
	sets := []Set{
		{"exact", property("MAPBLKLOT", `"1430022"`, `"2607117"`, `"2607218"`, `"3745012"`, `"VACSTWIL"`)},
		{"wildcard", property("MAPBLKLOT", `{"wildcard":"143*"}`, `{"wildcard":"2*0*1*7"}`, `{"wildcard":"*218"}`, `{"wildcard":"3*5*2"}`, `{"wildcard":"VA*IL"}`)},
		{"prefix", property("STREET", `{"prefix":"AC"}`, `{"prefix":"BL"}`, `{"prefix":"DR"}`, `{"prefix":"FU"}`, `{"prefix":"RH"}`)},
		{"suffix", property("STREET", `{"suffix":"ON"}`, `{"suffix":"KE"}`, `{"suffix":"MM"}`, `{"suffix":"ING"}`, `{"suffix":"GO"}`)},
		{"equals-ignore-case", append(property("STREET", `{"equals-ignore-case":"jefferson"}`, `{"equals-ignore-case":"bEaCh"}`, `{"equals-ignore-case":"HyDe"}`, `{"equals-ignore-case":"CHESTNUT"}`),
			property("ST_TYPE", `{"equals-ignore-case":"st"}`)...)},
		{"numeric", geometry("firstCoordinates")},
		{"anything-but", anythingBut(`{"anything-but":["%s"]}`)},
		{"anything-but ignore-case", anythingBut(`{"anything-but":{"equals-ignore-case":["%s"]}}`)},
		{"anything-but prefix", anythingBut(`{"anything-but":{"prefix":"%s"}}`)},
		{"anything-but suffix", anythingBut(`{"anything-but":{"suffix":"%s"}}`)},
		{"anything-but wildcard", anythingBut(`{"anything-but":{"wildcard":"*%s*"}}`)},
		{"complex arrays", geometry("coordinates")},
	}
	var partial, all []string
	for _, s := range sets {
		if s.Name != "complex arrays" {
			partial = append(partial, s.Rules...)
		}
		all = append(all, s.Rules...)
	}
	return append(sets, Set{"all but arrays", partial}, Set{"all", all})
}

// Counts are the sizes of the sets that Many makes.
var Counts = []int{1, 100, 1_000, 10_000, 100_000}

// Many returns n rules about one field or two, with values that lots have.
func Many(n int, two bool) Set {
	name := "exact on one field"
	if two {
		name = "exact on two fields"
	}
	rules := make([]string, n)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range rules {
		blklot := fmt.Sprintf("%04d%03d", r.IntN(9999), 1+r.IntN(200))
		if two {
			rules[i] = fmt.Sprintf(`{"properties":{"MAPBLKLOT":["%s"],"STREET":["%s"]}}`, blklot, streets[r.IntN(len(streets))])
		} else {
			rules[i] = fmt.Sprintf(`{"properties":{"MAPBLKLOT":["%s"]}}`, blklot)
		}
	}
	return Set{fmt.Sprintf("%s: %d", name, n), rules}
}

package wire

import "testing"

func TestDepthCountsBracketsOutsideOfTexts(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{`1`, 0},
		{`{"a":[1,2]}`, 2},
		{`[[],[],[[]]]`, 3},
		{`["[[[["]`, 1},
		{`["\"[[", "\\", []]`, 2},
	} {
		if Deeper(c.text, c.want) || c.want > 0 && !Deeper([]byte(c.text), c.want-1) {
			t.Errorf("%s is not %d deep", c.text, c.want)
		}
	}
}

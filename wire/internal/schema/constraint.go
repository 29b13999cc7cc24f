package schema

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/wire/internal/modelpattern"
)

// constraint is what the model asks of a value: bounds of its length or its
// value, a pattern, an enumeration.
type constraint struct {
	hasMin, hasMax bool
	min, max       float64
	pattern        string
	enum           []string
	sensitive      bool
	compiled       func() *regexp.Regexp // nil result: RE2 has no such pattern, not checked
}

func newConstraint(tag reflect.StructTag, prefix string, sensitive bool) (*constraint, error) {
	c := &constraint{sensitive: sensitive, pattern: tag.Get(prefix + "pattern")}
	var err error
	number := func(key string) (float64, bool) {
		s, ok := tag.Lookup(prefix + key)
		if !ok {
			return 0, false
		}
		f, e := strconv.ParseFloat(s, 64)
		if e != nil {
			err = fmt.Errorf("%s: %w", prefix+key, e)
		}
		return f, true
	}
	c.min, c.hasMin = number("min")
	c.max, c.hasMax = number("max")
	if e := tag.Get(prefix + "enum"); e != "" {
		c.enum = strings.Split(e, ",")
	}
	if c.pattern != "" {
		c.compiled = sync.OnceValue(func() *regexp.Regexp {
			re, err := modelpattern.Compile(c.pattern)
			if err != nil {
				return nil
			}
			return re
		})
	}
	return c, err
}

func (c *constraint) any() bool {
	return c.hasMin || c.hasMax || c.pattern != "" || len(c.enum) > 0
}

// text finds the constraints that a string breaks.
func (c *constraint) text(s string, broken []string) []string {
	if c.hasMin || c.hasMax {
		broken = c.length(runes(s), broken)
	}
	if c.compiled != nil {
		if re := c.compiled(); re != nil && !re.MatchString(s) {
			broken = append(broken, c.mustMatch())
		}
	}
	if len(c.enum) > 0 && !slices.Contains(c.enum, s) {
		broken = append(broken, c.mustBeOneOf())
	}
	return broken
}

// runes counts characters; most strings are ASCII and need no decoding.
func runes(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		if s[i]&0xC0 == 0x80 {
			n--
		}
	}
	return n
}

// length finds the length bounds that are broken.
func (c *constraint) length(n int, broken []string) []string {
	if c.hasMax && float64(n) > c.max {
		broken = append(broken, "Member must have length less than or equal to "+number(c.max))
	}
	if c.hasMin && float64(n) < c.min {
		broken = append(broken, "Member must have length greater than or equal to "+number(c.min))
	}
	return broken
}

// value finds the value bounds that are broken.
func (c *constraint) value(f float64, broken []string) []string {
	if c.hasMax && f > c.max {
		broken = append(broken, "Member must have value less than or equal to "+number(c.max))
	}
	if c.hasMin && f < c.min {
		broken = append(broken, "Member must have value greater than or equal to "+number(c.min))
	}
	return broken
}

func (c *constraint) mustMatch() string {
	return "Member must satisfy regular expression pattern: " + c.pattern
}

func (c *constraint) mustBeOneOf() string {
	return "Member must satisfy enum value set: [" + strings.Join(c.enum, ", ") + "]"
}

// all lists the constraints on the elements of a list or the keys of a map, as
// AWS does when one of them is broken.
func (c *constraint) all(k Kind) string {
	word := "length"
	if k == Int || k == Float {
		word = "value"
	}
	var list []string
	if c.hasMax {
		list = append(list, "Member must have "+word+" less than or equal to "+number(c.max))
	}
	if c.hasMin {
		list = append(list, "Member must have "+word+" greater than or equal to "+number(c.min))
	}
	if c.pattern != "" {
		list = append(list, c.mustMatch())
	}
	if len(c.enum) > 0 {
		list = append(list, c.mustBeOneOf())
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

package mapping

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ohler55/ojg/jp"

	"github.com/signalbox/signalbox/vtl"
	"github.com/signalbox/signalbox/vtl/java"
)

var errNoPath = errors.New("the path leads to nothing")

// jsonPath reads a body and follows a path, as Jayway's JsonPath: a path that
// can lead to several values gives a list, another one's end must be there.
func jsonPath(body []byte, path string) (any, error) {
	v, err := vtl.DecodeJSON(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	if steps, simple := simplePath(path); simple {
		return follow(v, steps)
	}
	if before, is := strings.CutSuffix(path, ".length()"); is {
		return lengthOf(body, before)
	}
	x, err := jp.ParseString(path)
	if err != nil {
		return nil, fmt.Errorf("the path %q: %w", path, err)
	}
	found := x.Get(v)
	for _, fragment := range x {
		switch fragment.(type) {
		case jp.Wildcard, jp.Descent, *jp.Filter, jp.Slice, jp.Union:
			return &vtl.List{Items: found, JSON: true}, nil
		}
	}
	if len(found) == 0 {
		return nil, errNoPath
	}
	return found[0], nil
}

// lengthOf counts what a path leads to: items, members or characters.
func lengthOf(body []byte, path string) (any, error) {
	v, err := jsonPath(body, path)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *vtl.List:
		return int64(len(v.Items)), nil
	case *vtl.Map:
		return int64(v.Len()), nil
	case string:
		return java.Length(v), nil
	}
	return nil, nil
}

var (
	wholePath = regexp.MustCompile(`^(\$|[^$.\[\]*()'"?@\s,:]+)(\.[^.\[\]*()'"?@\s,:]+|\[\d+\]|\['[^']*'\]|\["[^"]*"\])*$`)
	pathStep  = regexp.MustCompile(`\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]|^([^$.\[\]]+)`)
)

// simplePath takes a path of names and indexes apart. Names may have what
// libraries refuse: $.detail-type.
func simplePath(path string) (steps []any, ok bool) {
	if len(path) > 1000 || !wholePath.MatchString(path) {
		return nil, false
	}
	for _, m := range pathStep.FindAllStringSubmatch(path, -1) {
		if m[2] != "" {
			n, err := strconv.Atoi(m[2])
			if err != nil {
				return nil, false
			}
			steps = append(steps, n)
			continue
		}
		steps = append(steps, m[1]+m[3]+m[4]+m[5])
	}
	return steps, true
}

func follow(v any, steps []any) (any, error) {
	for _, step := range steps {
		found := false
		switch step := step.(type) {
		case string:
			if m, is := v.(*vtl.Map); is {
				v, found = m.Lookup(step)
			}
		case int:
			if l, is := v.(*vtl.List); is && step < len(l.Items) {
				v, found = l.Items[step], true
			}
		}
		if !found {
			return nil, errNoPath
		}
	}
	return v, nil
}

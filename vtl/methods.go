package vtl

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/signalbox/signalbox/vtl/java"
)

// arguments are what a method is called with.
type arguments []any

func (a arguments) number(i int) (int, bool) {
	if i >= len(a) {
		return 0, false
	}
	n, is := wholeOf(a[i])
	return int(n), is
}

// wholeOf is a number, or as Velocity converts it the text of one.
func wholeOf(v any) (int64, bool) {
	if s, is := v.(string); is {
		n, err := strconv.ParseInt(s, 10, 32)
		return n, err == nil
	}
	n, is := v.(int64)
	return n, is
}

func (a arguments) string(i int) (string, bool) {
	if i >= len(a) {
		return "", false
	}
	s, is := a[i].(string)
	return s, is
}

// call is v.name(args), as Java's type of v has it.
func call(r *rendering, v any, name string, args arguments) (any, error) {
	if err := r.step(1); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case Object:
		return v.Call(name, args)
	case string:
		return callString(r, v, name, args)
	case *List:
		return callList(r, v, name, args)
	case *Map:
		return callMap(r, v, name, args)
	case Entry:
		return callEntry(r, v, name, args)
	case bool:
		return callBool(r, v, name, args)
	}
	if java.IsNumber(v) {
		return callNumber(r, v, name, args)
	}
	return nil, ErrNoMethod
}

// callAny are the methods that every value has.
func callAny(r *rendering, v any, name string, args arguments) (any, error) {
	switch {
	case name == "toString" && len(args) == 0:
		return r.text(v)
	case name == "equals" && len(args) == 1:
		if java.IsNumber(v) != java.IsNumber(args[0]) {
			return false, nil
		}
		return equal(r, v, args[0])
	case name == "hashCode" && len(args) == 0:
		if n, is := v.(int64); is && int64(int32(n)) == n {
			return n, nil
		}
		s, err := r.text(v)
		return java.Hash(s), err
	}
	return nil, ErrNoMethod
}

func callEntry(r *rendering, e Entry, name string, args arguments) (any, error) {
	if len(args) == 0 {
		switch name {
		case "getKey":
			return e.Key, nil
		case "getValue":
			return e.Value, nil
		}
	}
	return callAny(r, e, name, args)
}

func callBool(r *rendering, b bool, name string, args arguments) (any, error) {
	switch name {
	case "booleanValue":
		return b, nil
	case "parseBoolean", "valueOf":
		if s, ok := args.string(0); ok {
			return s == "true" || s == "True" || s == "TRUE", nil
		}
	case "compareTo":
		if len(args) == 1 {
			if o, is := args[0].(bool); is {
				return order(b && !o, o && !b), nil
			}
			return nil, errors.New("a boolean is compared with what is none")
		}
	}
	return callAny(r, b, name, args)
}

// order is Java's compareTo from which of the two is greater.
func order(left, right bool) int64 {
	switch {
	case left:
		return 1
	case right:
		return -1
	}
	return 0
}

func callNumber(r *rendering, v any, name string, args arguments) (any, error) {
	switch name {
	case "intValue", "longValue", "shortValue":
		return java.Truncate(v), nil
	case "doubleValue", "floatValue":
		f, _ := java.Float(v)
		return f, nil
	case "compareTo":
		return callCompare(v, args)
	case "parseInt", "parseLong", "parseDouble", "parseFloat", "valueOf":
		return callParse(v, name, args)
	case "isNaN":
		f, _ := java.Float(v)
		return math.IsNaN(f), nil
	case "toString":
		if len(args) == 1 { // Integer.toString(5)
			return r.text(args[0])
		}
	}
	return callAny(r, v, name, args)
}

func callCompare(v any, args arguments) (any, error) {
	if len(args) == 1 && java.IsNumber(args[0]) {
		if o, ok := java.Compare(v, args[0]); ok {
			return int64(o), nil
		}
	}
	if len(args) == 1 && args[0] != nil {
		return nil, errors.New("a number is compared with what is none")
	}
	return nil, ErrNoMethod
}

// callParse are the static methods of Integer, Long and Double, which templates
// call by way of any number.
func callParse(v any, name string, args arguments) (any, error) {
	if len(args) == 1 && java.IsNumber(args[0]) && name == "valueOf" {
		return args[0], nil
	}
	s, ok := args.string(0)
	if !ok {
		return nil, ErrNoMethod
	}
	if _, double := v.(float64); name == "parseDouble" || name == "parseFloat" || double {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, fmt.Errorf("no number: %q", clip(s))
		}
		return f, nil
	}
	radix := 10
	if n, ok := args.number(1); ok && n >= 2 && n <= 36 {
		radix = n
	}
	n, err := strconv.ParseInt(s, radix, 64)
	if err != nil {
		return nil, fmt.Errorf("no number: %q", clip(s))
	}
	return n, nil
}

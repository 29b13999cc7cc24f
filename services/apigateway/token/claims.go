package token

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Claims are what a token says, numbers as [json.Number].
type Claims map[string]any

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Claims) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	m := map[string]any{}
	if err := d.Decode(&m); err != nil {
		return err
	}
	*c = m
	return nil
}

func (c Claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// list is a claim that is one text or several.
func (c Claims) list(name string) []string {
	switch v := c[name].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, is := item.(string); is {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// time is a claim in seconds since 1970.
func (c Claims) time(name string) (at time.Time, ok bool, err error) {
	v, ok := c[name]
	if !ok {
		return at, false, nil
	}
	n, is := v.(json.Number)
	if !is {
		return at, false, invalid("the token's %s is no number", name)
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > 1e12 {
		return at, false, invalid("the token's %s is no time", name)
	}
	return time.Unix(int64(f), 0), true, nil
}

// Scopes are what the token opens: the words of scope, or scp.
func (c Claims) Scopes() []string {
	said, ok := c["scope"]
	if !ok {
		said = c["scp"]
	}
	if s, is := said.(string); is {
		return strings.Fields(s)
	}
	if _, ok := c["scope"]; ok {
		return c.list("scope")
	}
	return c.list("scp")
}

// Opens says whether one of the scopes is among the token's.
func (c Claims) Opens(scopes []string) bool {
	return slices.ContainsFunc(c.Scopes(), func(s string) bool { return slices.Contains(scopes, s) })
}

// Texts are the claims as integrations get them: each as text, a list as
// "[a b]".
func (c Claims) Texts() map[string]string {
	out := make(map[string]string, len(c))
	for name, v := range c {
		out[name] = claimText(v)
	}
	return out
}

func claimText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = claimText(item)
		}
		return "[" + strings.Join(words, " ") + "]"
	case map[string]any:
		if data, err := json.Marshal(v); err == nil {
			return string(data)
		}
	}
	return fmt.Sprint(v)
}

package resources

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
)

// text is a property as a text, "" where it is absent.
func (r *Request) text(name string) string { return textOf(r.Properties[name]) }

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// name is the property of that name, or a name made up as CloudFormation does:
// stack, resource and a random part, at most long.
func (r *Request) name(property string, long int) string {
	if given := r.text(property); given != "" {
		return given
	}
	return madeUp(r.Stack, r.Logical, r.Token, long)
}

func madeUp(stack, logical, token string, long int) string {
	head := stack + "-" + logical
	if most := long - len(token) - 1; len(head) > most {
		half := most / 2
		head = stack[:min(half, len(stack))] + "-" + logical
		head = head[:min(most, len(head))]
	}
	return head + "-" + token
}

// only takes the named properties, those that are there. "Name=Other" gives Name
// the name that the API knows it by.
func (r *Request) only(names ...string) map[string]any {
	in := map[string]any{}
	for _, name := range names {
		name, other, renamed := strings.Cut(name, "=")
		if !renamed {
			other = name
		}
		if v, ok := r.Properties[name]; ok {
			in[other] = v
		}
	}
	return in
}

// with adds a member.
func with(in map[string]any, name string, v any) map[string]any {
	in[name] = v
	return in
}

// arn names a thing of the stack's account and region.
func (r *Request) arn(service, resource string) string {
	a := arn.New(service, r.Region, r.Account, resource)
	a.Partition = r.Partition
	return a.String()
}

// tags are the stack's tags and, before them, the resource's own.
func (r *Request) tags() map[string]string { return tagsOf(r.Properties["Tags"], r.Tags) }

func tagsOf(own any, stack map[string]string) map[string]string {
	tags := map[string]string{}
	maps.Copy(tags, stack)
	switch own := own.(type) {
	case map[string]any:
		for key, v := range own {
			tags[key] = textOf(v)
		}
	case []any:
		for _, item := range own {
			if tag, ok := item.(map[string]any); ok {
				tags[textOf(tag["Key"])] = textOf(tag["Value"])
			}
		}
	}
	return tags
}

// tagList is how most services take tags.
func tagList(tags map[string]string) []any {
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"Key": key, "Value": tags[key]})
	}
	return list
}

// tagMap is how the others do.
func tagMap(tags map[string]string) map[string]any {
	m := map[string]any{}
	for key, v := range tags {
		m[key] = v
	}
	return m
}

// tagging is how a service changes a thing's tags.
type tagging struct {
	service, tag, untag string // operations
	of                  string // member that names the thing
	keys                string // member of untag
	list                bool   // tags are a list
}

// retag makes the difference between the tags before and now.
func (r *Request) retag(ctx context.Context, t tagging, thing string) error {
	before, now := tagsOf(r.Previous["Tags"], r.PreviousTags), r.tags()
	gone := []any{}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, ok := now[key]; !ok {
			gone = append(gone, key)
		}
	}
	if len(gone) > 0 {
		if _, err := r.Call(ctx, t.service, t.untag, map[string]any{t.of: thing, t.keys: gone}); err != nil {
			return err
		}
	}
	if len(now) == 0 || maps.Equal(before, now) {
		return nil
	}
	in := map[string]any{t.of: thing, "Tags": tagMap(now)}
	if t.list {
		in["Tags"] = tagList(now)
	}
	_, err := r.Call(ctx, t.service, t.tag, in)
	return err
}

// objects are the objects of a list.
func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts are the texts of a list.
func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i := range list {
		out[i] = textOf(list[i])
	}
	return out
}

// less are the texts of a that b has not.
func less(a, b []string) (rest []string) {
	for _, item := range a {
		if !slices.Contains(b, item) {
			rest = append(rest, item)
		}
	}
	return rest
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i := range texts {
		list[i] = texts[i]
	}
	return list
}

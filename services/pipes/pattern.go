package pipes

import "encoding/json"

// nested names the operator within anything-but in a filter pattern, "" where
// there is none: of all that patterns of buses can say, this is what those of
// pipes cannot (user guide, page eb-create-pattern-operators).
func nested(pattern string) string {
	var v any
	if json.Unmarshal([]byte(pattern), &v) != nil {
		return "" // it was refused, or is empty
	}
	return nestedIn(v)
}

func nestedIn(v any) string {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			// A list holds rules, or under $or patterns.
			rule, _ := item.(map[string]any)
			if but, ok := rule["anything-but"].(map[string]any); ok && len(rule) == 1 {
				for name := range but {
					return name
				}
			}
			if name := nestedIn(item); name != "" {
				return name
			}
		}
	case map[string]any:
		for _, item := range v {
			if name := nestedIn(item); name != "" {
				return name
			}
		}
	}
	return ""
}

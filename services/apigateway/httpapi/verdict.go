package httpapi

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"
)

// verdict is what a Lambda authorizer said: simply, or as a policy.
type verdict struct {
	IsAuthorized   bool           `json:"isAuthorized"`
	PrincipalID    string         `json:"principalId"`
	Context        map[string]any `json:"context"`
	PolicyDocument struct {
		Statement []struct {
			Effect           string
			Action, Resource texts
		}
	} `json:"policyDocument"`

	simple bool
	until  time.Time
}

// texts is one text or several.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

func (v *verdict) allows(arn string) bool {
	if v.simple {
		return v.IsAuthorized
	}
	allowed := false
	for _, s := range v.PolicyDocument.Statement {
		if !s.Action.match("execute-api:Invoke") || !s.Resource.match(arn) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = allowed || s.Effect == "Allow"
	}
	return allowed
}

// match tells whether one of the patterns, with * and ?, fits.
func (t texts) match(text string) bool {
	for _, pattern := range t {
		expression := "(?is)^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + "$"
		if re, err := regexp.Compile(expression); err == nil && re.MatchString(text) {
			return true
		}
	}
	return false
}

// verdicts keeps authorizers' answers.
type verdicts struct {
	mu   sync.Mutex // guards kept
	kept map[[32]byte]verdict
}

func (k *verdicts) get(key [32]byte, now time.Time) (verdict, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.kept[key]
	return v, ok && now.Before(v.until)
}

func (k *verdicts) put(key [32]byte, v verdict, until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxTables {
		k.kept = map[[32]byte]verdict{}
	}
	v.until = until
	k.kept[key] = v
}

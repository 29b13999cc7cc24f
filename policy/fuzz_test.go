package policy_test

import (
	"testing"

	"github.com/signalbox/signalbox/policy"
)

// FuzzPolicy looks for texts and requests that make it panic, and for denials
// that are lost: whatever a policy allows is denied once a statement that denies
// everything stands beside it.
func FuzzPolicy(f *testing.F) {
	for _, text := range []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*"}}`,
		`{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Deny","NotAction":["iam:Get?"],"NotResource":"arn:aws:iam::*:*","Condition":{"ForAllValues:NumericLessThanIfExists":{"a:b":[1,"2"]},"Null":{"a:c":true}}}]}`,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["*","111122223333"],"Service":"a.b"},"Action":"sts:AssumeRole","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"DateGreaterThan":{"aws:CurrentTime":"2020-01-01"},"ArnLike":{"aws:SourceArn":"arn:aws:*:*:*:*:${a:b, 'x'}"}}}]}`,
	} {
		f.Add(text, "s3:GetObject", "arn:aws:s3:::ann/x", "a:b", "5")
	}
	f.Fuzz(func(t *testing.T, text, action, resource, key, value string) {
		for _, kind := range []policy.Kind{policy.Identity, policy.Resource, policy.Trust} {
			d, err := policy.Parse([]byte(text), kind)
			if err != nil {
				if d != nil {
					t.Fatal("a document beside an error")
				}
				continue
			}
			r := &policy.Request{Principal: policy.User(ann), Action: action, Resource: resource}
			r.Set(key, value)
			r.Set("aws:username", value)
			source := policy.Source{Name: "fuzzed", Document: d}
			set := &policy.Set{Identity: []policy.Source{source}}
			if kind != policy.Identity {
				set = &policy.Set{Resource: []policy.Source{source}, Trust: kind == policy.Trust}
			}
			decision := policy.Evaluate(r, set)
			if decision.String() == "" || decision.Message() == "" {
				t.Error("a decision without words")
			}
			d.Keys()
			set.Identity = append(set.Identity, identity(t, `{"Effect":"Deny","Action":"*","Resource":"*"}`)...)
			if policy.Evaluate(r, set).Allowed {
				t.Error("allowed, where everything is denied")
			}
		}
	})
}

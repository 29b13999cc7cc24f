package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/policy"
)

func TestTextsThatAreNoPolicyAreRefused(t *testing.T) {
	statement := func(body string) string { return `{"Version":"2012-10-17","Statement":[{` + body + `}]}` }
	const allow = `"Effect":"Allow","Action":"s3:GetObject","Resource":"*"`
	for name, c := range map[string]struct {
		kind   policy.Kind
		text   string
		phrase string // "" where it is a policy
	}{
		"a policy":                            {policy.Identity, statement(allow), ""},
		"one statement without a list":        {policy.Identity, `{"Version":"2012-10-17","Statement":{` + allow + `}}`, ""},
		"no JSON":                             {policy.Identity, `{"Version":`, "Syntax errors in policy."},
		"nothing":                             {policy.Identity, ``, "Syntax errors in policy."},
		"a list":                              {policy.Identity, `[]`, "Syntax errors in policy."},
		"no statement":                        {policy.Identity, `{"Version":"2012-10-17"}`, "Syntax errors in policy."},
		"an empty list of statements":         {policy.Identity, `{"Version":"2012-10-17","Statement":[]}`, "Syntax errors in policy."},
		"a version that there is not":         {policy.Identity, `{"Version":"2026-01-01","Statement":[{` + allow + `}]}`, "Syntax errors in policy."},
		"the version of before":               {policy.Identity, `{"Version":"2008-10-17","Statement":[{` + allow + `}]}`, "Policy document must be version 2012-10-17 or greater."},
		"which resources may still have":      {policy.Resource, `{"Version":"2008-10-17","Statement":[{"Principal":"*",` + allow + `}]}`, ""},
		"an element that there is not":        {policy.Identity, statement(allow + `,"Colour":"red"`), "Syntax errors in policy."},
		"an element told twice":               {policy.Identity, statement(allow + `,"Resource":"*"`), "Syntax errors in policy."},
		"no effect":                           {policy.Identity, statement(`"Action":"s3:GetObject","Resource":"*"`), "Missing required field Effect"},
		"an effect that there is not":         {policy.Identity, statement(`"Effect":"allow","Action":"s3:GetObject","Resource":"*"`), "Invalid effect: allow"},
		"no action":                           {policy.Identity, statement(`"Effect":"Allow","Resource":"*"`), "Policy statement must contain actions."},
		"action and not action":               {policy.Identity, statement(allow + `,"NotAction":"s3:*"`), "Syntax errors in policy."},
		"no resource":                         {policy.Identity, statement(`"Effect":"Allow","Action":"s3:GetObject"`), "Policy statement must contain resources."},
		"an action of no service":             {policy.Identity, statement(`"Effect":"Allow","Action":"GetObject","Resource":"*"`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		"an action with two colons":           {policy.Identity, statement(`"Effect":"Allow","Action":"s3:Get:Object","Resource":"*"`), "Actions/Condition can contain only one colon."},
		"a wildcard in the service":           {policy.Identity, statement(`"Effect":"Allow","Action":"s*:GetObject","Resource":"*"`), "Vendor s* is not valid"},
		"a resource that is no ARN":           {policy.Identity, statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket"`), `Resource bucket must be in ARN format or "*".`},
		"a resource of another partition":     {policy.Identity, statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:gcp:s3:::b"`), `Partition "gcp" is not valid for resource "arn:gcp:s3:::b".`},
		"a statement's id with blanks":        {policy.Identity, statement(`"Sid":"a b",` + allow), "Statement IDs (SID) must be alpha-numeric."},
		"two statements of one id":            {policy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"a",` + allow + `},{"Sid":"a",` + allow + `}]}`, "Statement IDs (SID) in a single policy must be unique."},
		"a principal in an identity's":        {policy.Identity, statement(`"Principal":"*",` + allow), "Policy document should not specify a principal."},
		"no principal in a resource's":        {policy.Resource, statement(allow), "Missing required field Principal"},
		"a principal that is nobody":          {policy.Resource, statement(`"Principal":{"AWS":"ann"},` + allow), `Invalid principal in policy: "AWS":"ann"`},
		"a service without a domain":          {policy.Trust, `{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda"},"Action":"sts:AssumeRole"}}`, `Invalid principal in policy: "SERVICE":"lambda"`},
		"a resource in a trust policy":        {policy.Trust, statement(`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"`), "Has prohibited field Resource"},
		"another action in a trust policy":    {policy.Trust, statement(`"Effect":"Allow","Principal":"*","Action":"s3:GetObject"`), "AssumeRole policy may only specify STS AssumeRole actions."},
		"an operator that there is not":       {policy.Identity, statement(allow + `,"Condition":{"StringSounds":{"aws:username":"x"}}`), "Invalid Condition type : StringSounds"},
		"Null of several values":              {policy.Identity, statement(allow + `,"Condition":{"ForAnyValue:Null":{"aws:username":"true"}}`), "Invalid Condition type : ForAnyValue:Null"},
		"a condition's key of nobody":         {policy.Identity, statement(allow + `,"Condition":{"StringEquals":{"username":"x"}}`), "Conditions must be prefaced by a vendor"},
		"a condition's value that is nested":  {policy.Identity, statement(allow + `,"Condition":{"StringEquals":{"aws:username":{"x":1}}}`), "Syntax errors in policy."},
		"a text that nests deeper than any":   {policy.Identity, strings.Repeat(`{"Statement":[`, 20000), "Syntax errors in policy."},
		"actions that are no texts":           {policy.Identity, statement(`"Effect":"Allow","Action":[1],"Resource":"*"`), "Syntax errors in policy."},
		"a trust policy for several services": {policy.Trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","events.amazonaws.com"],"AWS":"111122223333"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Parse([]byte(c.text), c.kind)
			switch {
			case c.phrase == "" && err != nil:
				t.Error(err)
			case c.phrase != "" && (err == nil || !strings.HasPrefix(err.Error(), c.phrase)):
				t.Errorf("error = %v, want %s", err, c.phrase)
			}
		})
	}
}

func TestKeysAreThoseThatAPolicyAsksFor(t *testing.T) {
	d := document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}/*",
		"Condition":{"StringEquals":{"aws:username":"${aws:userid}"},"Bool":{"aws:SecureTransport":"true"}}}]}`, policy.Identity)
	if got, want := d.Keys(), []string{"aws:PrincipalTag/team", "aws:SecureTransport", "aws:username", "aws:userid"}; !slices.Equal(got, want) {
		t.Errorf("Keys = %v, want %v", got, want)
	}
}

// A pattern of many stars against a text that nearly matches takes for ever where
// stars are tried again and again.
func TestManyWildcardsTakeNoLonger(t *testing.T) {
	r := &policy.Request{Principal: policy.User(ann), Action: "s3:GetObject", Resource: "arn:aws:s3:::" + strings.Repeat("a", 2000)}
	for name, pattern := range map[string]string{
		"stars":          strings.Repeat("*a", 1000) + "b",
		"question marks": strings.Repeat("*?a", 600) + "b",
	} {
		t.Run(name, func(t *testing.T) {
			set := &policy.Set{Identity: identity(t, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+pattern+`"}`)}
			for range 100 { // one of them would not end
				if policy.Evaluate(r, set).Allowed {
					t.Fatal("it matches")
				}
			}
		})
	}
}

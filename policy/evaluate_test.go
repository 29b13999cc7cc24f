package policy_test

import (
	"strings"
	"testing"

	"github.com/signalbox/signalbox/policy"
)

const (
	ann     = "arn:aws:iam::111122223333:user/people/ann"
	session = "arn:aws:sts::111122223333:assumed-role/shop/s1"
	shop    = "arn:aws:iam::111122223333:role/team/shop"
	bus     = "arn:aws:events:us-east-1:111122223333:event-bus/orders"
	queue   = "arn:aws:sqs:us-east-1:111122223333:orders"
	foreign = "arn:aws:sqs:us-east-1:999988887777:orders"
)

func document(t testing.TB, text string, kind policy.Kind) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// identity is a policy of the statements.
func identity(t testing.TB, statements ...string) []policy.Source {
	t.Helper()
	return []policy.Source{{Name: "own", Document: document(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, policy.Identity)}}
}

func resource(t testing.TB, statements ...string) []policy.Source {
	t.Helper()
	return []policy.Source{{Name: "the queue's", Document: document(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, policy.Resource)}}
}

func sessionOf() policy.Principal {
	p := policy.User(session)
	p.Role = shop
	return p
}

func TestStatementsApply(t *testing.T) {
	allow := func(body string) string { return `{"Effect":"Allow",` + body + `}` }
	for name, c := range map[string]struct {
		statements string
		action     string
		resource   string
		context    map[string][]string
		allowed    bool
	}{
		"an action that is named":                                  {allow(`"Action":"events:PutEvents","Resource":"*"`), "events:PutEvents", bus, nil, true},
		"letters' case does not count in actions":                  {allow(`"Action":"EVENTS:putevents","Resource":"*"`), "events:PutEvents", bus, nil, true},
		"another action does not":                                  {allow(`"Action":"events:PutRule","Resource":"*"`), "events:PutEvents", bus, nil, false},
		"a star in an action":                                      {allow(`"Action":"events:Put*","Resource":"*"`), "events:PutEvents", bus, nil, true},
		"a star stands for nothing, too":                           {allow(`"Action":"events:PutEvents*","Resource":"*"`), "events:PutEvents", bus, nil, true},
		"a question mark is one character":                         {allow(`"Action":"events:PutEvent?","Resource":"*"`), "events:PutEvents", bus, nil, true},
		"and not none":                                             {allow(`"Action":"events:PutEvents?","Resource":"*"`), "events:PutEvents", bus, nil, false},
		"all actions but those named":                              {allow(`"NotAction":["iam:*","sts:*"],"Resource":"*"`), "events:PutEvents", bus, nil, true},
		"not those named":                                          {allow(`"NotAction":["iam:*","events:*"],"Resource":"*"`), "events:PutEvents", bus, nil, false},
		"one of several resources":                                 {allow(`"Action":"*","Resource":["arn:aws:s3:::b","` + bus + `"]`), "events:PutEvents", bus, nil, true},
		"letters' case counts in resources":                        {allow(`"Action":"*","Resource":"` + strings.Replace(bus, "orders", "Orders", 1) + `"`), "events:PutEvents", bus, nil, false},
		"a star in a resource":                                     {allow(`"Action":"*","Resource":"arn:aws:events:*:*:event-bus/*"`), "events:PutEvents", bus, nil, true},
		"a star does not reach over the parts of an ARN":           {allow(`"Action":"*","Resource":"arn:aws:events:*:event-bus/orders:x:y"`), "events:PutEvents", bus, nil, false},
		"but in the last it does":                                  {allow(`"Action":"*","Resource":"arn:aws:logs:*:*:log-group:*"`), "logs:PutLogEvents", "arn:aws:logs:r:111122223333:log-group:a:log-stream:b", nil, true},
		"an ARN that is cut after a star":                          {allow(`"Action":"*","Resource":"arn:aws:events:*"`), "events:PutEvents", bus, nil, true},
		"all resources but those named":                            {allow(`"Action":"*","NotResource":"arn:aws:s3:::*"`), "events:PutEvents", bus, nil, true},
		"not the resource named":                                   {allow(`"Action":"*","NotResource":"` + bus + `"`), "events:PutEvents", bus, nil, false},
		"a variable takes the caller's value":                      {allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`), "s3:GetObject", "arn:aws:s3:::home/ann/x", map[string][]string{"aws:username": {"ann"}}, true},
		"and no other's":                                           {allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`), "s3:GetObject", "arn:aws:s3:::home/bob/x", map[string][]string{"aws:username": {"ann"}}, false},
		"a star in a variable's value is a star only":              {allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`), "s3:GetObject", "arn:aws:s3:::home/bob/x", map[string][]string{"aws:username": {"*"}}, false},
		"a variable without a value matches nothing":               {allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}*"`), "s3:GetObject", "arn:aws:s3:::home/x", nil, false},
		"a variable with a default":                                {allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:PrincipalTag/team, 'all'}"`), "s3:GetObject", "arn:aws:s3:::home/all", nil, true},
		"${*} is a star":                                           {allow(`"Action":"*","Resource":"arn:aws:s3:::b/${*}"`), "s3:GetObject", "arn:aws:s3:::b/x", nil, false},
		"a value that is equal":                                    {allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["a","b"]}}`), "x:y", "*", map[string][]string{"aws:principaltag/team": {"b"}}, true},
		"all keys must hold":                                       {allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"a:x":"1","a:y":"2"}}`), "x:y", "*", map[string][]string{"a:x": {"1"}, "a:y": {"3"}}, false},
		"a key that is not there is equal to nothing":              {allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"a:x":"1"}}`), "x:y", "*", nil, false},
		"unless IfExists says so":                                  {allow(`"Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"a:x":"1"}}`), "x:y", "*", nil, true},
		"a key that is not there is not equal to anything":         {allow(`"Action":"*","Resource":"*","Condition":{"StringNotEquals":{"a:x":"1"}}`), "x:y", "*", nil, true},
		"none of several may be equal":                             {allow(`"Action":"*","Resource":"*","Condition":{"StringNotEquals":{"a:x":["1","2"]}}`), "x:y", "*", map[string][]string{"a:x": {"2"}}, false},
		"without regard to case":                                   {allow(`"Action":"*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"a:x":"ONE"}}`), "x:y", "*", map[string][]string{"a:x": {"one"}}, true},
		"like, with wildcards":                                     {allow(`"Action":"*","Resource":"*","Condition":{"StringLike":{"a:x":"o?e*"}}`), "x:y", "*", map[string][]string{"a:x": {"one and more"}}, true},
		"equals, without wildcards":                                {allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"a:x":"o*"}}`), "x:y", "*", map[string][]string{"a:x": {"one"}}, false},
		"a variable in a condition":                                {allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"a:x":"${aws:username}"}}`), "x:y", "*", map[string][]string{"a:x": {"ann"}, "aws:username": {"ann"}}, true},
		"numbers are compared as numbers":                          {allow(`"Action":"*","Resource":"*","Condition":{"NumericLessThan":{"a:x":10}}`), "x:y", "*", map[string][]string{"a:x": {"9.5"}}, true},
		"a text is less than no number":                            {allow(`"Action":"*","Resource":"*","Condition":{"NumericLessThan":{"a:x":10}}`), "x:y", "*", map[string][]string{"a:x": {"nine"}}, false},
		"a time is before another":                                 {allow(`"Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-12-01T00:00:00Z"}}`), "x:y", "*", map[string][]string{"aws:currenttime": {"2026-11-21T12:00:00Z"}}, true},
		"seconds since 1970 are a time":                            {allow(`"Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"1700000000"}}`), "x:y", "*", map[string][]string{"aws:currenttime": {"2026-11-21T12:00:00Z"}}, true},
		"a truth":                                                  {allow(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}`), "x:y", "*", map[string][]string{"aws:securetransport": {"true"}}, true},
		"an address in a range":                                    {allow(`"Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]}}`), "x:y", "*", map[string][]string{"aws:sourceip": {"10.2.3.4"}}, true},
		"an address outside of it":                                 {allow(`"Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), "x:y", "*", map[string][]string{"aws:sourceip": {"11.2.3.4"}}, true},
		"an ARN like another":                                      {allow(`"Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:events:*:*:rule/*"}}`), "x:y", "*", map[string][]string{"aws:sourcearn": {"arn:aws:events:us-east-1:1:rule/a/b"}}, true},
		"what is no ARN is like none":                              {allow(`"Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"*"}}`), "x:y", "*", map[string][]string{"aws:sourcearn": {"rule"}}, false},
		"Null asks that a key is not there":                        {allow(`"Action":"*","Resource":"*","Condition":{"Null":{"a:x":"true"}}`), "x:y", "*", nil, true},
		"or that it is":                                            {allow(`"Action":"*","Resource":"*","Condition":{"Null":{"a:x":false}}`), "x:y", "*", nil, false},
		"any of several values":                                    {allow(`"Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}`), "x:y", "*", map[string][]string{"aws:tagkeys": {"c", "b"}}, true},
		"any of no values":                                         {allow(`"Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}`), "x:y", "*", nil, false},
		"all of several values":                                    {allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`), "x:y", "*", map[string][]string{"aws:tagkeys": {"c", "b"}}, false},
		"all of no values":                                         {allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`), "x:y", "*", nil, true},
		"any value that is not one":                                {allow(`"Action":"*","Resource":"*","Condition":{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}}`), "x:y", "*", map[string][]string{"aws:tagkeys": {"a", "b"}}, true},
		"several values of which none may be":                      {allow(`"Action":"*","Resource":"*","Condition":{"StringNotLike":{"a:x":"b*"}}`), "x:y", "*", map[string][]string{"a:x": {"a", "bb"}}, false},
		"a deny of something else leaves the allow":                {allow(`"Action":"*","Resource":"*"`) + `,{"Effect":"Deny","Action":"iam:*","Resource":"*"}`, "events:PutEvents", bus, nil, true},
		"a deny wins, wherever it stands":                          {`{"Effect":"Deny","Action":"events:*","Resource":"*"},` + allow(`"Action":"*","Resource":"*"`), "events:PutEvents", bus, nil, false},
		"a deny whose condition is not met denies nothing":         {allow(`"Action":"*","Resource":"*"`) + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, "x:y", "*", map[string][]string{"aws:securetransport": {"true"}}, true},
		"letters outside ASCII are single characters to wildcards": {allow(`"Action":"*","Resource":"arn:aws:s3:::b/?.txt"`), "s3:GetObject", "arn:aws:s3:::b/ü.txt", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := &policy.Request{Principal: policy.User(ann), Action: c.action, Resource: c.resource, Context: c.context}
			d := policy.Evaluate(r, &policy.Set{Identity: identity(t, c.statements)})
			if d.Allowed != c.allowed {
				t.Errorf("allowed = %v: %s", d.Allowed, d)
			}
		})
	}
}

func TestWhoseWordCounts(t *testing.T) {
	const (
		mayAll  = `{"Effect":"Allow","Action":"*","Resource":"*"}`
		maySend = `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`
		denies  = `{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`
	)
	to := func(principal string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sqs:SendMessage","Resource":"*"}`
	}
	boundary := func(t *testing.T, s string) *policy.Source { return &identity(t, s)[0] }
	root := policy.User("arn:aws:iam::111122223333:root")
	for name, c := range map[string]struct {
		who      policy.Principal
		resource string
		set      func(t *testing.T) policy.Set
		allowed  bool
		says     string // of the decision
	}{
		"nobody allows": {policy.User(ann), queue, func(*testing.T) policy.Set { return policy.Set{} }, false,
			"no identity-based policy allows sqs:SendMessage on " + queue},
		"its own policy allows": {policy.User(ann), queue, func(t *testing.T) policy.Set { return policy.Set{Identity: identity(t, maySend)} }, true,
			"statement 1 of own allows sqs:SendMessage on " + queue},
		"the boundary does not": {policy.User(ann), queue, func(t *testing.T) policy.Set {
			return policy.Set{Identity: identity(t, maySend), Boundary: boundary(t, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)}
		}, false, "no permissions boundary allows"},
		"boundary and policy allow": {policy.User(ann), queue, func(t *testing.T) policy.Set {
			return policy.Set{Identity: identity(t, maySend), Boundary: boundary(t, mayAll)}
		}, true, ""},
		"a boundary alone allows nothing": {policy.User(ann), queue, func(t *testing.T) policy.Set { return policy.Set{Boundary: boundary(t, mayAll)} }, false, "no identity-based policy"},
		"the session's policy does not": {sessionOf(), queue, func(t *testing.T) policy.Set {
			return policy.Set{Identity: identity(t, maySend), Session: identity(t, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)}
		}, false, "no session policy allows"},
		"the queue's policy denies": {policy.User(ann), queue, func(t *testing.T) policy.Set {
			return policy.Set{Identity: identity(t, mayAll), Resource: resource(t, `{"Sid":"No","Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}`)}
		}, false, `statement "No" of the queue's denies`},
		"its own deny wins over the queue's allow": {policy.User(ann), queue, func(t *testing.T) policy.Set {
			return policy.Set{Identity: identity(t, denies), Resource: resource(t, to(`{"AWS":"`+ann+`"}`))}
		}, false, "denies"},
		"the queue of its account names the user": {policy.User(ann), queue, func(t *testing.T) policy.Set {
			return policy.Set{Resource: resource(t, to(`{"AWS":"`+ann+`"}`)), Boundary: boundary(t, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)}
		}, true, ""},
		"the queue of its account names its role": {sessionOf(), queue, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`{"AWS":"`+shop+`"}`))} }, true, ""},
		"which the boundary bounds": {sessionOf(), queue, func(t *testing.T) policy.Set {
			return policy.Set{Resource: resource(t, to(`{"AWS":"`+shop+`"}`)), Boundary: boundary(t, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)}
		}, false, "no permissions boundary"},
		"the queue of its account names another":               {policy.User(ann), queue, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`{"AWS":"`+shop+`"}`))} }, false, ""},
		"the account is named, which leaves it to the account": {policy.User(ann), queue, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`{"AWS":"111122223333"}`))} }, false, "no identity-based policy"},
		"everyone is named":                                    {policy.User(ann), queue, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`"*"`))} }, true, ""},
		"another account's queue wants both: its own only":     {policy.User(ann), foreign, func(t *testing.T) policy.Set { return policy.Set{Identity: identity(t, maySend)} }, false, "no resource-based policy"},
		"the queue's only":                                     {policy.User(ann), foreign, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`{"AWS":"`+ann+`"}`))} }, false, "no identity-based policy"},
		"both": {policy.User(ann), foreign, func(t *testing.T) policy.Set {
			return policy.Set{Identity: identity(t, maySend), Resource: resource(t, to(`{"AWS":"arn:aws:iam::111122223333:root"}`))}
		}, true, ""},
		"root may do everything in its account": {root, queue, func(*testing.T) policy.Set { return policy.Set{} }, true, "root"},
		"and elsewhere what its account may":    {root, foreign, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`{"AWS":"111122223333"}`))} }, true, ""},
		"and no more":                           {root, foreign, func(*testing.T) policy.Set { return policy.Set{} }, false, "no resource-based policy"},
		"a service that is named": {policy.Service("events.amazonaws.com"), queue, func(t *testing.T) policy.Set {
			return policy.Set{Resource: resource(t, to(`{"Service":["sns.amazonaws.com","events.amazonaws.com"]}`))}
		}, true, ""},
		"a service that is not": {policy.Service("events.amazonaws.com"), queue, func(t *testing.T) policy.Set {
			return policy.Set{Resource: resource(t, to(`{"Service":"sns.amazonaws.com"}`))}
		}, false, "no resource-based policy"},
		"all but those named": {policy.User(ann), queue, func(t *testing.T) policy.Set {
			return policy.Set{Resource: resource(t, `{"Effect":"Deny","NotPrincipal":{"AWS":"`+ann+`"},"Action":"*","Resource":"*"}`), Identity: identity(t, mayAll)}
		}, true, ""},
		"the others": {sessionOf(), queue, func(t *testing.T) policy.Set {
			return policy.Set{Resource: resource(t, `{"Effect":"Deny","NotPrincipal":{"AWS":"`+ann+`"},"Action":"*","Resource":"*"}`), Identity: identity(t, mayAll)}
		}, false, "denies"},
		"a caller without name has what all have": {policy.Principal{}, queue, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`"*"`))} }, true, ""},
		"and nothing else":                        {policy.Principal{}, queue, func(t *testing.T) policy.Set { return policy.Set{Resource: resource(t, to(`{"AWS":"111122223333"}`))} }, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			set := c.set(t)
			d := policy.Evaluate(&policy.Request{Principal: c.who, Action: "sqs:SendMessage", Resource: c.resource}, &set)
			if d.Allowed != c.allowed || !strings.Contains(d.String(), c.says) {
				t.Errorf("allowed = %v: %s", d.Allowed, d)
			}
		})
	}
}

func TestRolesAreAssumedByWhomTheyTrust(t *testing.T) {
	trust := func(principal, more string) []policy.Source {
		return []policy.Source{{Name: "trust", Document: document(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"sts:AssumeRole"`+more+`}}`, policy.Trust)}}
	}
	may := identity(t, `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+shop+`"}`)
	for name, c := range map[string]struct {
		who      policy.Principal
		identity []policy.Source
		trust    []policy.Source
		context  map[string][]string
		allowed  bool
	}{
		"a user that is named":                               {policy.User(ann), nil, trust(`{"AWS":"`+ann+`"}`, ""), nil, true},
		"a user whose account is named, and that may":        {policy.User(ann), may, trust(`{"AWS":"111122223333"}`, ""), nil, true},
		"a user whose account is named, and that may not":    {policy.User(ann), nil, trust(`{"AWS":"111122223333"}`, ""), nil, false},
		"a user that may and is not trusted":                 {policy.User(ann), may, trust(`{"Service":"lambda.amazonaws.com"}`, ""), nil, false},
		"a service":                                          {policy.Service("lambda.amazonaws.com"), nil, trust(`{"Service":"lambda.amazonaws.com"}`, ""), nil, true},
		"root is trusted like others":                        {policy.User("arn:aws:iam::111122223333:root"), nil, trust(`{"Service":"lambda.amazonaws.com"}`, ""), nil, false},
		"root of an account that is trusted":                 {policy.User("arn:aws:iam::111122223333:root"), nil, trust(`{"AWS":"111122223333"}`, ""), nil, true},
		"who knows the external id":                          {policy.User(ann), may, trust(`{"AWS":"`+ann+`"}`, `,"Condition":{"StringEquals":{"sts:ExternalId":"x"}}`), map[string][]string{"sts:externalid": {"x"}}, true},
		"who does not":                                       {policy.User(ann), nil, trust(`{"AWS":"`+ann+`"}`, `,"Condition":{"StringEquals":{"sts:ExternalId":"x"}}`), nil, false},
		"a provider's token":                                 {policy.Principal{Federated: "arn:aws:iam::111122223333:oidc-provider/x"}, nil, trust(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/x"}`, ""), nil, true},
		"a role that is not there, for it has no such words": {policy.User(ann), may, nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := policy.Evaluate(&policy.Request{Principal: c.who, Action: "sts:AssumeRole", Resource: shop, Context: c.context},
				&policy.Set{Identity: c.identity, Resource: c.trust, Trust: true})
			if d.Allowed != c.allowed {
				t.Errorf("allowed = %v: %s", d.Allowed, d)
			}
		})
	}
}

func TestRefusalsAreWordedAsAWSDoes(t *testing.T) {
	r := &policy.Request{Principal: policy.User(ann), Action: "events:PutEvents", Resource: bus}
	for want, set := range map[string]policy.Set{
		"User: " + ann + " is not authorized to perform: events:PutEvents on resource: " + bus + " because no identity-based policy allows the events:PutEvents action": {},
		"User: " + ann + " is not authorized to perform: events:PutEvents on resource: " + bus + " with an explicit deny in an identity-based policy":                   {Identity: identity(t, `{"Effect":"Deny","Action":"events:*","Resource":"*"}`)},
		"User: " + ann + " is not authorized to perform: events:PutEvents on resource: " + bus + " with an explicit deny in a permissions boundary":                     {Boundary: &identity(t, `{"Effect":"Deny","Action":"events:*","Resource":"*"}`)[0]},
	} {
		if got := policy.Evaluate(r, &set).Message(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

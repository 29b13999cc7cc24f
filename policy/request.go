package policy

// Request is what is to be decided.
type Request struct {
	Principal Principal
	Action    string // "events:PutEvents"
	Resource  string // ARN, or "*" for actions that are about no resource
	// ResourceAccount is the account that the resource belongs to, where its
	// ARN does not say so (S3); "" takes the ARN's, or the caller's.
	ResourceAccount string
	// Context holds the values of condition keys and policy variables. Keys
	// are in lower case: "aws:sourcearn", "aws:principaltag/team".
	Context map[string][]string
}

func (r *Request) values(key string) []string { return r.Context[key] }

// Set puts values under a key, whatever its letters' case.
func (r *Request) Set(key string, values ...string) {
	if r.Context == nil {
		r.Context = map[string][]string{}
	}
	r.Context[lower(key)] = values
}

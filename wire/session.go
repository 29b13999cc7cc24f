package wire

// Session is what temporary credentials say beyond whose they are.
type Session struct {
	Policies []string          `json:"policies,omitzero"` // documents: what they do not allow, the session may not
	Tags     map[string]string `json:"tags,omitzero"`     // of the session, before those of the role
}

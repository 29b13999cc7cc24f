package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/signalbox/signalbox/services/apigateway/verdict"
)

// verdictOf is what a Lambda authorizer said: simply, or as a policy.
type verdictOf struct {
	IsAuthorized *bool          `json:"isAuthorized"`
	PrincipalID  string         `json:"principalId"`
	Context      map[string]any `json:"context"`
	Policy       verdict.Policy `json:"policyDocument"`
}

// readVerdict reads an authorizer's answer, of which there are two forms.
func readVerdict(payload []byte, simple bool) (v verdictOf, err error) {
	if err := json.Unmarshal(payload, &v); err != nil {
		return v, fmt.Errorf("%w: %s", err, clip(payload))
	}
	switch {
	case simple && v.IsAuthorized == nil:
		return v, fmt.Errorf("no isAuthorized, which simple responses have: %s", clip(payload))
	case !simple && !v.Policy.Given():
		return v, fmt.Errorf("no policyDocument: %s", clip(payload))
	case !simple && v.PrincipalID == "":
		return v, errors.New("no principalId")
	}
	if v.Context == nil {
		v.Context = map[string]any{}
	}
	return v, nil
}

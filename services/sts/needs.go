package sts

import (
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// Needs says what a caller must be allowed for a request. Who one is, and
// credentials of one's own, everyone may ask for (user guide of IAM, page
// id_credentials_temp_control-access_getsessiontoken).
func Needs(in any, _ *wire.Request) []wire.Permission {
	switch in := in.(type) {
	case *AssumeRoleInput:
		need := wire.Permission{Resource: *in.RoleArn, Context: map[string][]string{"sts:rolesessionname": {*in.RoleSessionName}}}
		if in.ExternalId != nil {
			need.Context["sts:externalid"] = []string{*in.ExternalId}
		}
		if in.SourceIdentity != nil {
			need.Context["sts:sourceidentity"] = []string{*in.SourceIdentity}
		}
		for _, t := range in.Tags {
			need.Context["aws:requesttag/"+strings.ToLower(*t.Key)] = []string{*t.Value}
			need.Context["aws:tagkeys"] = append(need.Context["aws:tagkeys"], *t.Key)
		}
		needs := []wire.Permission{need}
		if len(in.Tags) > 0 {
			needs = append(needs, wire.Permission{Action: "sts:TagSession", Resource: need.Resource, Context: need.Context})
		}
		return needs
	case *GetCallerIdentityInput, *GetSessionTokenInput:
		return []wire.Permission{}
	}
	return nil
}

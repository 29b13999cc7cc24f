package sts

import "github.com/signalbox/signalbox/wire"

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
		return []wire.Permission{need}
	case *GetCallerIdentityInput, *GetSessionTokenInput:
		return []wire.Permission{}
	}
	return nil
}

package iam

import (
	"context"
	"regexp"
)

// alias is an account's name for people. Its document is kept under the
// account's number.
type alias struct{ Account, Name string }

var aliasForm = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])+$`)

// CreateAccountAlias implements [API]: it takes the place of the one before.
func (s *Service) CreateAccountAlias(ctx context.Context, in *CreateAccountAliasInput) (*CreateAccountAliasOutput, error) {
	if !aliasForm.MatchString(*in.AccountAlias) {
		return nil, invalid("1 validation error detected: Value '%s' at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", *in.AccountAlias)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.aliases.List("") {
		if a.Name == *in.AccountAlias {
			return nil, exists("The account alias %s already exists.", a.Name)
		}
	}
	return nil, s.aliases.Put(ctx, account(ctx), &alias{account(ctx), *in.AccountAlias})
}

// DeleteAccountAlias implements [API].
func (s *Service) DeleteAccountAlias(ctx context.Context, in *DeleteAccountAliasInput) (*DeleteAccountAliasOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.aliases.Get(account(ctx)); a == nil || a.Name != *in.AccountAlias {
		return nil, noEntity("The account alias %s cannot be found.", *in.AccountAlias)
	}
	return nil, s.aliases.Delete(ctx, account(ctx))
}

// ListAccountAliases implements [API].
func (s *Service) ListAccountAliases(ctx context.Context, _ *ListAccountAliasesInput) (*ListAccountAliasesOutput, error) {
	out := &ListAccountAliasesOutput{AccountAliases: []string{}}
	if a := s.aliases.Get(account(ctx)); a != nil {
		out.AccountAliases = append(out.AccountAliases, a.Name)
	}
	return out, nil
}

// GetAccountSummary implements [API]: what there is, and the quotas that hold.
func (s *Service) GetAccountSummary(ctx context.Context, _ *GetAccountSummaryInput) (*GetAccountSummaryOutput, error) {
	count := func(k kind) int32 { return int32(len(s.list(ctx, k, nil))) }
	policies := s.managed.List(key(account(ctx), ""))
	var versions int32
	for _, p := range policies {
		versions += int32(len(p.Versions))
	}
	return &GetAccountSummaryOutput{SummaryMap: map[string]int32{
		"Users": count(user), "UsersQuota": 5000,
		"Groups": count(group), "GroupsQuota": 300, "GroupsPerUserQuota": maxGroups,
		"Roles": count(role), "RolesQuota": 1000,
		"Policies": int32(len(policies)), "PoliciesQuota": 1500, "PolicyVersionsInUse": versions, "PolicyVersionsInUseQuota": 10000,
		"VersionsPerPolicyQuota": maxVersions, "PolicySizeQuota": maxManaged,
		"UserPolicySizeQuota": int32(maxInline[user]), "GroupPolicySizeQuota": int32(maxInline[group]), "RolePolicySizeQuota": int32(maxInline[role]),
		"AssumeRolePolicySizeQuota":    maxTrust,
		"AttachedPoliciesPerUserQuota": maxAttached, "AttachedPoliciesPerGroupQuota": maxAttached, "AttachedPoliciesPerRoleQuota": maxAttached,
		"AccessKeysPerUserQuota": maxKeys, "SigningCertificatesPerUserQuota": 2,
		"InstanceProfiles": int32(len(s.profiles.List(key(account(ctx), "")))), "InstanceProfilesQuota": 1000,
		"Providers":          int32(len(s.providers.List(nameARN(account(ctx), "")))),
		"ServerCertificates": 0, "ServerCertificatesQuota": 20, "MFADevices": 0, "MFADevicesInUse": 0,
		"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1, "AccountSigningCertificatesPresent": 0, "AccountPasswordPresent": 0,
		"GlobalEndpointTokenVersion": 1,
	}}, nil
}

package iam

import "context"

// What users have on AWS and cannot have here. Clients look for it before they
// delete a user, so they are told that there is none.

// ListSSHPublicKeys implements [API].
func (s *Service) ListSSHPublicKeys(ctx context.Context, in *ListSSHPublicKeysInput) (*ListSSHPublicKeysOutput, error) {
	_, err := s.whose(ctx, in.UserName)
	return &ListSSHPublicKeysOutput{SSHPublicKeys: []SSHPublicKeyMetadata{}}, err
}

// ListSigningCertificates implements [API].
func (s *Service) ListSigningCertificates(ctx context.Context, in *ListSigningCertificatesInput) (*ListSigningCertificatesOutput, error) {
	_, err := s.whose(ctx, in.UserName)
	return &ListSigningCertificatesOutput{Certificates: []SigningCertificate{}}, err
}

// ListServiceSpecificCredentials implements [API].
func (s *Service) ListServiceSpecificCredentials(ctx context.Context, in *ListServiceSpecificCredentialsInput) (*ListServiceSpecificCredentialsOutput, error) {
	_, err := s.whose(ctx, in.UserName)
	return &ListServiceSpecificCredentialsOutput{ServiceSpecificCredentials: []ServiceSpecificCredentialMetadata{}}, err
}

// ListMFADevices implements [API].
func (s *Service) ListMFADevices(ctx context.Context, in *ListMFADevicesInput) (*ListMFADevicesOutput, error) {
	_, err := s.whose(ctx, in.UserName)
	return &ListMFADevicesOutput{MFADevices: []MFADevice{}}, err
}

// ListVirtualMFADevices implements [API].
func (s *Service) ListVirtualMFADevices(context.Context, *ListVirtualMFADevicesInput) (*ListVirtualMFADevicesOutput, error) {
	return &ListVirtualMFADevicesOutput{VirtualMFADevices: []VirtualMFADevice{}}, nil
}

func (s *Service) noProfile(ctx context.Context, name *string) error {
	i, err := s.whose(ctx, name)
	if err != nil {
		return err
	}
	return noEntity("Login Profile for User %s cannot be found.", i.Name)
}

// GetLoginProfile implements [API]: there is no console to log in to.
func (s *Service) GetLoginProfile(ctx context.Context, in *GetLoginProfileInput) (*GetLoginProfileOutput, error) {
	return nil, s.noProfile(ctx, in.UserName)
}

// DeleteLoginProfile implements [API].
func (s *Service) DeleteLoginProfile(ctx context.Context, in *DeleteLoginProfileInput) (*DeleteLoginProfileOutput, error) {
	return nil, s.noProfile(ctx, in.UserName)
}

package apigateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// certificate is a client certificate, kept by account, region and identifier.
// Its private key is not kept: integrations are not called with it.
type certificate struct{ Certificate ClientCertificate }

func (s *Service) certificate(ctx context.Context, id string) (*certificate, error) {
	if c := s.certificates.Get(wire.ScopeOf(ctx).Key(id)); c != nil {
		return c, nil
	}
	return nil, notFound("Invalid Client Certificate identifier specified")
}

// signed makes a certificate that is valid from now for a year.
func signed(now, end time.Time) (string, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("making a client certificate: %w", err)
	}
	subject := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), NotBefore: now, NotAfter: end,
		Subject: pkix.Name{CommonName: "ApiGateway", OrganizationalUnit: []string{"ApiGateway"}, Organization: []string{"Signalbox"}},
	}
	der, err := x509.CreateCertificate(rand.Reader, subject, subject, private.Public(), private)
	if err != nil {
		return "", fmt.Errorf("making a client certificate: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}

// GenerateClientCertificate implements [API].
func (s *Service) GenerateClientCertificate(ctx context.Context, in *GenerateClientCertificateInput) (*GenerateClientCertificateOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	end := now.AddDate(1, 0, 0)
	text, err := signed(now, end)
	if err != nil {
		return nil, err
	}
	c := &certificate{ClientCertificate{
		ClientCertificateId: new(kept.NewID(6)), Description: in.Description, PemEncodedCertificate: &text, Tags: in.Tags,
		CreatedDate: new(wire.At(now)), ExpirationDate: new(wire.At(end)),
	}}
	return (*GenerateClientCertificateOutput)(&c.Certificate), s.certificates.Put(ctx, wire.ScopeOf(ctx).Key(*c.Certificate.ClientCertificateId), c)
}

// GetClientCertificate implements [API].
func (s *Service) GetClientCertificate(ctx context.Context, in *GetClientCertificateInput) (*GetClientCertificateOutput, error) {
	c, err := s.certificate(ctx, *in.ClientCertificateId)
	if err != nil {
		return nil, err
	}
	return (*GetClientCertificateOutput)(&c.Certificate), nil
}

// GetClientCertificates implements [API].
func (s *Service) GetClientCertificates(ctx context.Context, in *GetClientCertificatesInput) (*GetClientCertificatesOutput, error) {
	var all []ClientCertificate
	for _, c := range s.certificates.List(wire.ScopeOf(ctx).Key()) {
		all = append(all, c.Certificate)
	}
	rows, next, err := page(all, func(c ClientCertificate) string { return *c.ClientCertificateId }, in.Limit, in.Position)
	return &GetClientCertificatesOutput{Items: rows, Position: next}, err
}

// UpdateClientCertificate implements [API].
func (s *Service) UpdateClientCertificate(ctx context.Context, in *UpdateClientCertificateInput) (*UpdateClientCertificateOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.certificate(ctx, *in.ClientCertificateId)
	if err != nil {
		return nil, err
	}
	c := *old
	if err := apply(&c.Certificate, in.PatchOperations, "description"); err != nil {
		return nil, err
	}
	return (*UpdateClientCertificateOutput)(&c.Certificate), s.certificates.Put(ctx, wire.ScopeOf(ctx).Key(*in.ClientCertificateId), &c)
}

// DeleteClientCertificate implements [API].
func (s *Service) DeleteClientCertificate(ctx context.Context, in *DeleteClientCertificateInput) (*DeleteClientCertificateOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.certificate(ctx, *in.ClientCertificateId); err != nil {
		return nil, err
	}
	return nil, s.certificates.Delete(ctx, wire.ScopeOf(ctx).Key(*in.ClientCertificateId))
}

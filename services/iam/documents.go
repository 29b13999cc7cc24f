package iam

import (
	"errors"

	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/wire"
)

// checkIdentityPolicy refuses a text that is no policy for an identity.
func (s *Service) checkIdentityPolicy(text string) error {
	_, err := s.parsed.Parse(text, policy.Identity)
	return malformed(err)
}

func (s *Service) checkTrust(text string) error {
	_, err := s.parsed.Parse(text, policy.Trust)
	if e, ok := errors.AsType[*policy.Error](err); ok && e.Message == "Syntax errors in policy." {
		return wire.Errorf(CodeMalformedPolicyDocumentException, "This policy contains invalid Json")
	}
	return malformed(err)
}

func malformed(err error) error {
	if err == nil {
		return nil
	}
	return wire.Errorf(CodeMalformedPolicyDocumentException, "%s", err)
}

func invalidInput(format string, args ...any) error {
	return wire.Errorf(CodeInvalidInputException, format, args...)
}

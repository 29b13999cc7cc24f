package iam

import (
	"errors"
	"sync"

	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/wire"
)

// parsed keeps documents that were read, by kind and text, so that a request is
// not decided by reading its caller's policies anew.
type parsed struct {
	mu   sync.RWMutex // guards docs
	docs map[documentKey]*policy.Document
}

type documentKey struct {
	kind policy.Kind
	text string
}

// maxParsed is how many are kept; beyond it all are forgotten and read again.
const maxParsed = 4096

// read is the document of a text.
func (p *parsed) read(kind policy.Kind, text string) (*policy.Document, error) {
	k := documentKey{kind, text}
	p.mu.RLock()
	d := p.docs[k]
	p.mu.RUnlock()
	if d != nil {
		return d, nil
	}
	d, err := policy.Parse([]byte(text), kind)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.docs == nil || len(p.docs) >= maxParsed {
		p.docs = map[documentKey]*policy.Document{}
	}
	p.docs[k] = d
	return d, nil
}

// checkIdentityPolicy refuses a text that is no policy for an identity.
func (s *Service) checkIdentityPolicy(text string) error {
	_, err := s.parsed.read(policy.Identity, text)
	return malformed(err)
}

func (s *Service) checkTrust(text string) error {
	_, err := s.parsed.read(policy.Trust, text)
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

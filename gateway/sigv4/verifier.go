package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// Skew is how far a signature's time may be from the clock's, either way.
const Skew = 5 * time.Minute

// Verifier verifies signatures. It is safe for concurrent use and keeps the
// derived keys of signers whose signatures held.
type Verifier struct {
	clock clock.Clock
	keys  keyCache
	pool  sync.Pool // of *scratch
}

// NewVerifier makes a Verifier that tells the age of signatures by c.
func NewVerifier(c clock.Clock) *Verifier {
	v := &Verifier{clock: c}
	v.pool.New = func() any { return &scratch{buf: make([]byte, 0, 2048)} }
	return v
}

// scratch is the memory of one verification.
type scratch struct {
	buf    []byte // canonical request, then string to sign
	text   []byte // encoded query parameters
	params []param
}

// Verify says whether secret signed this request with this body, now. Where
// sig.Streaming, the body is not looked at: [Verifier.Chunks] verifies it. An
// error is an [*Error].
func (v *Verifier) Verify(sig *Signature, r *http.Request, body []byte, secret string) error {
	if err := v.checkTime(sig); err != nil {
		return err
	}
	if err := checkCoverage(sig, r); err != nil {
		return err
	}
	var hash [2 * sha256.Size]byte
	payload, err := payloadLine(hash[:], sig, body)
	if err != nil {
		return err
	}
	key, known := v.keys.get(sig, secret)
	if !known {
		key = deriveKey(secret, sig.Date, sig.Region, sig.Service)
	}
	s := v.pool.Get().(*scratch)
	defer v.pool.Put(s)

	form := encodedTwice
	if isS3(sig.Service) {
		form = encodedOnce
	}
	ok := s.matches(r, sig, form, payload, &key)
	if !ok && form == encodedTwice && !isClean(rawPath(r)) {
		ok = s.matches(r, sig, encodedTwiceAsSent, payload, &key)
	}
	if !ok {
		return s.mismatch(r, sig, form, payload)
	}
	if !known {
		v.keys.put(sig, secret, key)
	}
	return nil
}

func isS3(service string) bool {
	return service == "s3" || strings.HasPrefix(service, "s3-") || service == "s3express"
}

// matches computes the signature and compares it in constant time.
func (s *scratch) matches(r *http.Request, sig *Signature, form pathForm, payload []byte, key *signingKey) bool {
	s.buf = s.appendCanonical(s.buf[:0], r, sig, form, payload)
	sum := sha256.Sum256(s.buf)
	s.buf = appendStringToSign(key.begin(s.buf[:0]), sig, &sum)
	mac := key.finish(s.buf)
	var want, got [2 * sha256.Size]byte
	hex.Encode(want[:], mac[:])
	n := copy(got[:], sig.Hex)
	return n == len(sig.Hex) && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func appendStringToSign(b []byte, sig *Signature, canonical *[sha256.Size]byte) []byte {
	b = append(b, Algorithm...)
	b = append(b, '\n')
	b = append(b, sig.TimeText...)
	b = append(b, '\n')
	b = append(b, sig.Scope...)
	b = append(b, '\n')
	return hex.AppendEncode(b, canonical[:])
}

func (s *scratch) mismatch(r *http.Request, sig *Signature, form pathForm, payload []byte) error {
	canonical := s.appendCanonical(nil, r, sig, form, payload)
	sum := sha256.Sum256(canonical)
	return &Error{Mismatch, fmt.Sprintf("The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n"+
		"The Canonical String for this request should have been\n'%s'\n\nThe String-to-Sign should have been\n'%s'\n",
		canonical, appendStringToSign(nil, sig, &sum))}
}

func (v *Verifier) checkTime(sig *Signature) error {
	now := v.clock.Now()
	if sig.Time.Sub(now) > Skew {
		limit := now.Add(Skew)
		return &Error{Skewed, "Signature not yet current: " + sig.TimeText + " is still later than " +
			basic(limit) + " (" + basic(now) + " + 5 min.)"}
	}
	if sig.Presigned && sig.Expires != 0 {
		if end := sig.Time.Add(sig.Expires); now.After(end) {
			return &Error{Expired, "Signature expired: " + basic(end) + " is now earlier than " + basic(now)}
		}
		return nil
	}
	if limit := now.Add(-Skew); sig.Time.Before(limit.Truncate(time.Second)) {
		kind := Skewed
		if sig.Presigned {
			kind = Expired
		}
		return &Error{kind, "Signature expired: " + sig.TimeText + " is now earlier than " + basic(limit) + " (" + basic(now) + " - 5 min.)"}
	}
	return nil
}

func basic(t time.Time) string { return t.UTC().Format(timeFormat) }

// checkCoverage refuses a signature that leaves open what the request asks.
func checkCoverage(sig *Signature, r *http.Request) error {
	if len(r.Header["X-Amz-Target"]) > 0 && !signs(sig.SignedHeaders, "x-amz-target") {
		return &Error{Malformed, "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."}
	}
	if !isS3(sig.Service) {
		return nil
	}
	list := map[string]bool{}
	for name := range strings.SplitSeq(sig.SignedHeaders, ";") {
		list[name] = true
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") && name != "X-Amz-Content-Sha256" && !list[strings.ToLower(name)] {
			return &Error{Malformed, "There were headers present in the request which were not signed: " + strings.ToLower(name)}
		}
	}
	return nil
}

// payloadLine is the last line of the canonical request, and holds the body
// against it.
func payloadLine(space []byte, sig *Signature, body []byte) ([]byte, error) {
	told := sig.PayloadHash
	switch told {
	case UnsignedPayload, StreamingUnsigned, StreamingSigned, StreamingSignedTrailer:
		return append(space[:0], told...), nil
	case "":
		if sig.Presigned && isS3(sig.Service) {
			return append(space[:0], UnsignedPayload...), nil
		}
	}
	if sig.Streaming() {
		return nil, &Error{Unsupported, "The x-amz-content-sha256 '" + told + "' is not implemented."}
	}
	sum := sha256.Sum256(body)
	hex.Encode(space, sum[:])
	if told != "" && told != string(space) {
		return nil, &Error{PayloadMismatch, "The provided 'x-amz-content-sha256' header does not match what was computed."}
	}
	return space, nil
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

package sigv4

// Kind says what is wrong with a signature, so that each protocol can answer
// it with its own code.
type Kind int

const (
	// Malformed: a part is missing or is not of its form.
	Malformed Kind = iota + 1
	// Unsupported: signed by another method than AWS4-HMAC-SHA256.
	Unsupported
	// Skewed: signed too long before now, or after now.
	Skewed
	// Expired: a presigned request whose time is over.
	Expired
	// Mismatch: the signature is not the one that the secret gives.
	Mismatch
	// PayloadMismatch: the body is not the one whose hash the request tells.
	PayloadMismatch
)

// Error is a signature that does not hold. Message is in AWS's words.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return e.Message }

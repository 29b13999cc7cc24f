package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the aws-chunked encoding.
const (
	maxChunkLine = 4 << 10 // bytes in a chunk's first line, or in a trailer
	maxTrailers  = 16
	maxChunk     = 5 << 30 // bytes in one chunk
)

// ChunkReader reads a body in the aws-chunked encoding and verifies each chunk
// and the trailer (S3 API reference, "Signature calculations … Chunked
// Upload", and "… for trailing headers"). What it returns is proven only when
// it has returned io.EOF: until then, an error may still take it all back.
type ChunkReader struct {
	// Trailer holds the trailing headers after io.EOF.
	Trailer http.Header

	src      *bufio.Reader
	sig      *Signature
	key      *signingKey // nil: chunks bear no signature, or it is not to be verified
	signed   bool        // chunks bear signatures
	previous string      // signature of the chunk before
	claimed  string      // signature of this chunk, as sent
	left     int64       // of this chunk
	sum      hash.Hash   // over this chunk
	err      error
}

// Chunks reads the body of a request whose signature [Verifier.Verify] has
// accepted. An empty secret decodes without verifying.
func (v *Verifier) Chunks(sig *Signature, secret string, body io.Reader) *ChunkReader {
	c := &ChunkReader{src: bufio.NewReaderSize(body, maxChunkLine), sig: sig, previous: sig.Hex, sum: sha256.New(), Trailer: http.Header{}}
	c.signed = sig.PayloadHash != StreamingUnsigned
	if c.signed && secret != "" {
		c.key = new(deriveKey(secret, sig.Date, sig.Region, sig.Service))
	}
	c.err = c.next()
	return c
}

// Read implements [io.Reader]. Errors of the encoding and of signatures are of
// type [*Error].
func (c *ChunkReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.src.Read(p)
	c.sum.Write(p[:n])
	c.left -= int64(n)
	switch {
	case err != nil:
		c.err = unexpected(err)
	case c.left == 0:
		if c.err = c.end(); c.err == nil {
			c.err = c.next()
		}
	}
	return n, c.err
}

// next reads the first line of a chunk; the last chunk is followed by the
// trailer and io.EOF.
func (c *ChunkReader) next() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	n, perr := strconv.ParseInt(size, 16, 64)
	if perr != nil || n < 0 || n > maxChunk {
		return malformedChunk("the size of a chunk is not a hexadecimal number")
	}
	if c.signed {
		name, value, _ := strings.Cut(extension, "=")
		if name != "chunk-signature" {
			return malformedChunk("a chunk has no chunk-signature")
		}
		c.claimed = value
	}
	c.sum.Reset()
	if c.left = n; n > 0 {
		return nil
	}
	if err := c.verifyChunk(); err != nil {
		return err
	}
	if err := c.trailer(); err != nil {
		return err
	}
	return io.EOF
}

// end reads the line break after a chunk and verifies its signature.
func (c *ChunkReader) end() error {
	if line, err := c.line(); err != nil {
		return err
	} else if line != "" {
		return malformedChunk("a chunk is longer than its size")
	}
	return c.verifyChunk()
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (c *ChunkReader) verifyChunk() error {
	if c.key == nil {
		return nil
	}
	return c.verify("AWS4-HMAC-SHA256-PAYLOAD", c.claimed, emptyHash+"\n"+hex.EncodeToString(c.sum.Sum(nil)))
}

func (c *ChunkReader) verify(algorithm, claimed, rest string) error {
	mac := c.key.sum(strings.Join([]string{algorithm, c.sig.TimeText, c.sig.Scope, c.previous, rest}, "\n"))
	want := hex.AppendEncode(nil, mac[:])
	if subtle.ConstantTimeCompare(want, []byte(claimed)) != 1 {
		return &Error{Mismatch, "The chunk signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."}
	}
	c.previous = claimed
	return nil
}

// trailer reads the trailing headers, up to an empty line or the end.
func (c *ChunkReader) trailer() error {
	const signature = "x-amz-trailer-signature"
	var lines []string
	var claimed string
	for {
		line, err := c.line()
		if err == errShort {
			break // the last empty line may be left out
		} else if err != nil {
			return err
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !ok || name == "" || len(lines) == maxTrailers {
			return malformedChunk("a trailing header is not of the form name:value")
		}
		if name == signature {
			claimed = value
			continue
		}
		c.Trailer.Add(name, value)
		lines = append(lines, name+":"+value+"\n")
	}
	if c.key == nil || c.sig.PayloadHash != StreamingSignedTrailer {
		if len(lines) > 0 && c.signed && c.sig.PayloadHash != StreamingSignedTrailer {
			return malformedChunk("trailing headers without " + StreamingSignedTrailer)
		}
		return nil
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return c.verify("AWS4-HMAC-SHA256-TRAILER", claimed, hex.EncodeToString(sum[:]))
}

// errShort is a body that ends where a line should begin.
var errShort = malformedChunk("the body ends before its last chunk")

func (c *ChunkReader) line() (string, error) {
	line, err := c.src.ReadSlice('\n')
	switch {
	case err == nil:
		return string(bytes.TrimRight(line, "\r\n")), nil
	case err == bufio.ErrBufferFull:
		return "", malformedChunk(fmt.Sprintf("a line is longer than %d bytes", maxChunkLine))
	case err == io.EOF && len(line) == 0:
		return "", errShort
	}
	return "", unexpected(err)
}

func unexpected(err error) error {
	if err == io.EOF {
		return errShort
	}
	return fmt.Errorf("reading an aws-chunked body: %w", err)
}

func malformedChunk(what string) error {
	return &Error{Malformed, "The body is not in the aws-chunked encoding: " + what + "."}
}

package process

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"sync"
)

// telemetryFD is the descriptor on which runtime clients write whole messages.
const telemetryFD = 3

// A frame on the telemetry descriptor is FrameHeader bytes (the type 0xa55a0003
// and the length, big endian, and 8 bytes of time that are not looked at) and
// the message: the form that AWS's runtime clients write.
const (
	FrameHeader = 16
	frameType   = 0xa55a0003
)

// Bounds of output. A longer line is handed over in parts.
const (
	maxMessage    = 256 << 10 // of a log event (CloudWatch Logs quotas)
	maxInvocation = 16 << 20  // of what one invocation may write, in bytes
)

// output is what a process writes.
type output struct {
	sink    func([]byte)
	streams [3]*stream
	writers []*os.File

	mu      sync.Mutex // guards what follows, and the streams' buffers
	written int        // bytes since the last drain
	dropped int        // bytes beyond maxInvocation
}

// stream is one of the process's descriptors.
type stream struct {
	file    *os.File
	framed  bool
	partial []byte
	done    bool
}

// attach gives the command its descriptors: no input, pipes for the rest.
func attach(c *exec.Cmd, sink func([]byte)) (*output, error) {
	o := &output{sink: sink}
	for i := range o.streams {
		r, w, err := os.Pipe()
		if err != nil {
			o.closeWriters()
			o.closeReaders()
			return nil, fmt.Errorf("making pipes: %w", err)
		}
		o.streams[i] = &stream{file: r, framed: i == 2}
		o.writers = append(o.writers, w)
	}
	c.Stdout, c.Stderr, c.ExtraFiles = o.writers[0], o.writers[1], o.writers[2:]
	return o, nil
}

func (o *output) closeWriters() {
	for _, w := range o.writers {
		_ = w.Close()
	}
}

func (o *output) closeReaders() {
	for _, s := range o.streams {
		if s != nil {
			_ = s.file.Close()
		}
	}
}

// run reads until the descriptors are closed.
func (o *output) run(ends *sync.WaitGroup) {
	for _, s := range o.streams {
		ends.Go(func() {
			raw, err := s.file.SyscallConn()
			if err != nil {
				return
			}
			// The error is that the file was closed.
			_ = raw.Read(func(fd uintptr) bool {
				o.mu.Lock()
				defer o.mu.Unlock()
				return !o.take(s, fd)
			})
		})
	}
}

// take reads all that is there. It reports false once there will be no more.
// Called with mu held.
func (o *output) take(s *stream, fd uintptr) bool {
	if s.done {
		return false
	}
	var buf [32 << 10]byte
	for {
		n, again, err := readNow(fd, buf[:])
		if again {
			return true
		}
		if err != nil || n <= 0 {
			s.done = true
			return false
		}
		o.feed(s, buf[:n])
	}
}

// drain reads what has been written so far and hands over unfinished lines: an
// invocation has ended.
func (o *output) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.streams {
		raw, err := s.file.SyscallConn()
		if err != nil {
			continue
		}
		// A file that was closed has been drained before.
		_ = raw.Control(func(fd uintptr) { o.take(s, fd) })
		if !s.framed && len(s.partial) > 0 {
			o.emit(s.partial)
			s.partial = nil
		}
	}
	if o.dropped > 0 {
		o.sink(fmt.Appendf(nil, "[signalbox] %d bytes of output left out: an invocation's log is kept up to %d bytes", o.dropped, maxInvocation))
	}
	o.written, o.dropped = 0, 0
}

// feed cuts output into messages. Called with mu held.
func (o *output) feed(s *stream, b []byte) {
	if o.written > maxInvocation && !s.framed {
		o.dropped += len(b)
		return
	}
	s.partial = append(s.partial, b...)
	rest := s.partial
	for {
		var message []byte
		var ok bool
		if message, rest, ok = s.cut(rest); !ok {
			break
		}
		o.emit(message)
	}
	s.partial = append(s.partial[:0], rest...)
}

// cut takes the first message off b.
func (s *stream) cut(b []byte) (message, rest []byte, ok bool) {
	if s.framed {
		return cutFrame(b)
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return bytes.TrimSuffix(b[:i], []byte("\r")), b[i+1:], true
	}
	if len(b) >= maxMessage {
		return b[:maxMessage], b[maxMessage:], true
	}
	return nil, b, false
}

// cutFrame takes the first frame off b. What is no frame is handed over as it is.
func cutFrame(b []byte) (message, rest []byte, ok bool) {
	if len(b) < FrameHeader {
		return nil, b, false
	}
	if binary.BigEndian.Uint32(b) != frameType {
		return b, nil, true
	}
	end := FrameHeader + int(binary.BigEndian.Uint32(b[4:]))
	if end > FrameHeader+maxInvocation {
		return b[FrameHeader:], nil, true
	}
	if len(b) < end {
		return nil, b, false
	}
	return b[FrameHeader:end], b[end:], true
}

// emit hands over one message, in parts where it is too long. Called with mu held.
func (o *output) emit(message []byte) {
	for {
		part := message[:min(len(message), maxMessage)]
		if o.written += len(part); o.written > maxInvocation {
			o.dropped += len(message)
			return
		}
		o.sink(bytes.Clone(part))
		if message = message[len(part):]; len(message) == 0 {
			return
		}
	}
}

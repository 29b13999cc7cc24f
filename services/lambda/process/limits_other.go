//go:build unix && !linux

package process

import (
	"os"
	"syscall"
)

// Elsewhere a process whose Signalbox was killed ends when its request for the
// next invocation breaks.
func dieWithParent(*syscall.SysProcAttr) {}

func limit(int) {}

func peak(int) int64 { return 0 }

func peakOf(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss
	}
	return 0
}

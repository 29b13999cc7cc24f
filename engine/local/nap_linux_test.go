package local

import (
	"syscall"
	"time"
)

// nap sleeps for less than a millisecond too, which time.Sleep does not where
// nothing else is to do.
func nap(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	for syscall.Nanosleep(&ts, &ts) == syscall.EINTR {
	}
}

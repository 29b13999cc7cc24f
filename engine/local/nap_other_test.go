//go:build !linux

package local

import "time"

func nap(d time.Duration) { time.Sleep(d) }

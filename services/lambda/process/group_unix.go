//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the process the leader of a group of its own, so that it can
// be killed with its children and gets no signals of the terminal.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(c.SysProcAttr)
}

// signalGroup sends a signal to the whole group. There is nobody to tell of a
// group that is gone.
func signalGroup(pid int, s syscall.Signal) { _ = syscall.Kill(-pid, s) }

func halt(pid int, halted bool) {
	s := syscall.SIGCONT
	if halted {
		s = syscall.SIGSTOP
	}
	signalGroup(pid, s)
}

// readNow reads what is there, without waiting.
func readNow(fd uintptr, b []byte) (n int, again bool, err error) {
	for {
		n, err = syscall.Read(int(fd), b)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return 0, true, nil
		}
		return n, false, err
	}
}

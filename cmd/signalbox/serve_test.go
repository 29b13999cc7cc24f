package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
)

// signalbox is the command as a process of its own.
func signalbox(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// What testscript runs for the name of a command is this binary by that name.
	name := filepath.Join(t.TempDir(), "signalbox")
	if err := os.Symlink(self, name); err != nil {
		t.Skip(err)
	}
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "SIGNALBOX_LISTEN=127.0.0.1:0", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	return c
}

// serving starts a server and returns it with its address.
func serving(t *testing.T, args ...string) (*exec.Cmd, string, *bytes.Buffer) {
	t.Helper()
	c := signalbox(t, append([]string{"serve"}, args...)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no line on start: %v\n%s", err, &stderr)
	}
	go io.Copy(io.Discard, out)
	m := regexp.MustCompile(`^Signalbox is ready at (http://localhost:\d+) with data in (\S+) after \d+ ms\n$`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the line on start is %q", line)
	}
	return c, m[1], &stderr
}

func TestServeEndsWellOnASignalAlsoWithALiveTail(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	server, url, stderr := serving(t, "--data", data)
	tail := signalbox(t, "tail", "--endpoint", url, "--json")
	out, err := tail.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	tail.Stderr = &complaint
	if err := tail.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tail.Process.Kill() })
	// The tail may begin behind the first of them.
	lines := make(chan string, 1)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case lines <- s.Text():
			default:
			}
		}
	}()
	for seen := false; !seen; {
		if text, err := signalbox(t, "send", "--endpoint", url, "-s", "shop", "-t", "Hello", "-d", "{}").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		select {
		case line := <-lines:
			if !strings.Contains(line, `"source":"shop"`) {
				t.Errorf("tail shows %s", line)
			}
			seen = true
		default:
		}
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("serve ends with %v after SIGTERM\n%s", err, stderr)
	}
	if err := tail.Wait(); tail.ProcessState.ExitCode() != exit.Unreachable || !strings.Contains(complaint.String(), remote.ErrStopped.Error()) {
		t.Errorf("tail ends with %v: %s", err, &complaint)
	}
}

func TestLogsFollowsUntilItIsInterrupted(t *testing.T) {
	_, url, _ := serving(t, "--data", t.TempDir())
	r := remote.Flags{Endpoint: url}
	c, err := r.Client(func(string) string { return "" }, clock.Real())
	if err != nil {
		t.Fatal(err)
	}
	call := func(operation string, in map[string]any) {
		t.Helper()
		if err := c.Call(t.Context(), "logs", "Logs_20140328."+operation, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().UnixMilli()
	put := func(message string) {
		t.Helper()
		call("PutLogEvents", map[string]any{
			"logGroupName": "g", "logStreamName": "s", "logEvents": []map[string]any{{"timestamp": at, "message": message}},
		})
	}
	call("CreateLogGroup", map[string]any{"logGroupName": "g"})
	call("CreateLogStream", map[string]any{"logGroupName": "g", "logStreamName": "s"})
	put("first")
	logs := signalbox(t, "logs", "g", "--follow", "--endpoint", url)
	out, err := logs.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := logs.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logs.Process.Kill() })
	lines := bufio.NewScanner(out)
	for _, message := range []string{"first", "second", "third"} {
		// Events of the same millisecond are each shown once.
		if message != "first" {
			put(message)
		}
		if !lines.Scan() || !strings.HasSuffix(lines.Text(), "  "+message) {
			t.Fatalf("it shows %q, not %s", lines.Text(), message)
		}
	}
	if err := logs.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := logs.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

func TestServeRefusesWhatCannotBe(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	_, url, _ := serving(t, "--data", data)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a port that is taken":             {[]string{"--data", t.TempDir(), "--listen", strings.TrimPrefix(url, "http://")}, exit.No, "is another Signalbox running?"},
		"data that is in use":              {[]string{"--data", data}, exit.No, "another Signalbox uses this data"},
		"a mode that is none":              {[]string{"--auth", "none"}, exit.Usage, "--auth"},
		"half a key":                       {[]string{"--access-key", "admin"}, exit.Usage, "go together"},
		"a retention of nothing":           {[]string{"--retention", "0s"}, exit.Usage, "--retention must be positive"},
		"a data directory that is no such": {[]string{"--data", "/dev/null/x"}, exit.No, "cannot start"},
	} {
		cmd := signalbox(t, append([]string{"serve"}, c.args...)...)
		text, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(text), c.says) {
			t.Errorf("%s: exit code %d, %s", name, code, text)
		}
	}
}

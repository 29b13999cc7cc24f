// Package dynamolocal fetches and runs DynamoDB Local, AWS's own imitation of
// DynamoDB, beside which Signalbox's tables are tried and measured. It needs
// Java 17, and Maven and the network for the first run.
//
//	Fetch ── Maven Central ──► a directory of jars ──► Start ──► a process ──► Server.URL
package dynamolocal

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// Dir is where the jars are kept in a work tree of this repository.
const Dir = ".cache/dynamodb-local"

//go:embed pom.xml
var pom []byte

// Fetch puts DynamoDB Local and all it depends on into dir, if it is not there.
func Fetch(ctx context.Context, dir string) error {
	if found, _ := filepath.Glob(filepath.Join(dir, "DynamoDBLocal-*.jar")); len(found) > 0 {
		return nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	project := filepath.Join(dir, "pom.xml")
	if err := os.WriteFile(project, pom, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", project, "dependency:copy-dependencies", "-DoutputDirectory="+dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fetching DynamoDB Local: %w", err)
	}
	return nil
}

// Options are how DynamoDB Local runs.
type Options struct {
	Jars string // directory
	Data string // directory of its database; "": in memory
	Heap string // of Java; "": 400m
}

// Server is a DynamoDB Local that runs.
type Server struct {
	Address string // host:port
	cmd     *exec.Cmd
	cancel  context.CancelFunc
}

// URL is where it answers.
func (s *Server) URL() string { return "http://" + s.Address + "/" }

// PID is its process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop ends it and waits for its end.
func (s *Server) Stop() {
	s.cancel()
	_ = s.cmd.Wait()
}

// Start starts one on a free port and waits until it answers, a minute at most.
func Start(ctx context.Context, o Options) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Address: l.Addr().String()}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	if o.Heap == "" {
		o.Heap = "400m"
	}
	// It looks for its libraries and writes a note where it runs.
	if o.Jars, err = filepath.Abs(o.Jars); err != nil {
		return nil, err
	}
	args := []string{
		"-Xmx" + o.Heap, "-Djava.library.path=" + o.Jars, "-cp", filepath.Join(o.Jars, "*"),
		"com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-disableTelemetry", "-port", strconv.Itoa(port),
	}
	if o.Data == "" {
		args = append(args, "-inMemory")
	} else {
		args = append(args, "-dbPath", o.Data)
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.cmd = exec.CommandContext(ctx, "java", args...)
	s.cmd.Dir = o.Jars
	if err := s.cmd.Start(); err != nil {
		s.cancel()
		return nil, fmt.Errorf("starting DynamoDB Local: %w", err)
	}
	for range 300 {
		if err = s.ping(ctx); err == nil {
			return s, nil
		}
		if clock.Sleep(ctx, clock.Real(), 200*time.Millisecond) != nil {
			break
		}
	}
	s.Stop()
	return nil, fmt.Errorf("DynamoDB Local does not answer: %w", err)
}

// ping asks for the list of tables.
func (s *Server) ping(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL(), bytes.NewReader([]byte("{}")))
	if err != nil {
		return err
	}
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=ping/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}

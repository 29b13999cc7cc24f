// Package signalboxtest starts a whole Signalbox inside a Go test: the real
// server on a real port, with its state in a directory of the test's own, and,
// where the test wants one, a clock that the test turns.
//
//	box := signalboxtest.Start(t)
//	events := eventbridge.NewFromConfig(box.Config())
//
// It is stopped when the test ends. [Box.Restart] stops and starts it in between;
// its state stays.
package signalboxtest

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest/sdkclient"
)

// Box is a running Signalbox.
type Box struct {
	t      testing.TB
	config server.Config
	server *server.Server
	client *http.Client // of the SDK clients
}

// Option changes how the box is started.
type Option func(*server.Config)

// WithClock gives the box a clock of the test's, such as [*clock.Fake].
func WithClock(c clock.Clock) Option { return func(s *server.Config) { s.Clock = c } }

// With changes any of the server's settings.
func With(change func(*server.Config)) Option { return change }

// Start starts a box, and fails the test where it cannot.
func Start(t testing.TB, options ...Option) *Box {
	t.Helper()
	b := &Box{t: t, client: sdkclient.New(), config: server.Config{
		Listen: "127.0.0.1:0", Data: t.TempDir(), Version: "test",
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}}
	for _, option := range options {
		option(&b.config)
	}
	b.start()
	t.Cleanup(b.stop)
	t.Cleanup(b.client.CloseIdleConnections)
	return b
}

func (b *Box) start() {
	b.t.Helper()
	s, err := server.Start(context.Background(), b.config)
	if err != nil {
		b.t.Fatalf("starting Signalbox: %v", err)
	}
	b.server = s
	b.config.Listen = s.Addr().String() // the same address after a restart
}

func (b *Box) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := b.server.Close(ctx); err != nil {
		b.t.Errorf("stopping Signalbox: %v", err)
	}
}

// Restart stops the box and starts it again on the state that it left.
func (b *Box) Restart() {
	b.t.Helper()
	b.stop()
	b.client.CloseIdleConnections()
	b.start()
}

// URL is the endpoint for clients.
func (b *Box) URL() string { return b.server.URL() }

// Server is the server itself.
func (b *Box) Server() *server.Server { return b.server }

// Config is the configuration of AWS SDK clients that talk to the box: region
// us-east-1, account 000000000000.
func (b *Box) Config() aws.Config {
	return b.ConfigFor("000000000000", "us-east-1")
}

// ConfigFor is the configuration of clients of another account or region.
func (b *Box) ConfigFor(account, region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(b.URL()), HTTPClient: b.client,
		Credentials: credentials.NewStaticCredentialsProvider(account, "test", ""),
	}
}

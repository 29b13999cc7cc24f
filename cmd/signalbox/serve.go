package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/server"
)

type serveVerb struct {
	Listen    string        `env:"SIGNALBOX_LISTEN" default:"127.0.0.1:4566" placeholder:"HOST:PORT" help:"Where to listen; port 0 takes a free one. Default: 127.0.0.1:4566"`
	Data      string        `env:"SIGNALBOX_DATA" default:"${data}" placeholder:"DIR" help:"Where everything is kept. Default: ${data}"`
	Auth      string        `env:"SIGNALBOX_AUTH" default:"development" enum:"development,required" placeholder:"MODE" help:"Who may call. development: everyone on this machine; required: who signs with a key that is known. Default: development"`
	IAM       string        `name:"iam" env:"SIGNALBOX_IAM" default:"auto" enum:"auto,off,audit,enforce" placeholder:"MODE" help:"What becomes of what IAM policies do not allow. off: nobody looks; audit: it is done, and logged once; enforce: it is refused. Default: audit, and enforce with --auth required"`
	AccessKey string        `env:"SIGNALBOX_ACCESS_KEY" placeholder:"ID" help:"The root user's key. Default: the one in DIR/credentials.json, which is made."`
	SecretKey string        `env:"SIGNALBOX_SECRET_KEY" placeholder:"SECRET" help:"Its secret; better given by the variable."`
	Watch     string        `env:"SIGNALBOX_WATCH" type:"path" placeholder:"DIR" help:"In development: replace functions' code when their source in this folder changes."`
	Journeys  string        `env:"SIGNALBOX_JOURNEYS" default:"all" enum:"all,failures,off" placeholder:"LEVEL" help:"What is kept of the events' journeys: all, failures, or off. Default: all"`
	Retention time.Duration `env:"SIGNALBOX_RETENTION" default:"24h" placeholder:"DURATION" help:"How long buses keep events that are delivered. Default: 24h"`
	Private   bool          `env:"SIGNALBOX_PRIVATE" help:"With --auth required: let API destinations be at loopback and link-local addresses too."`
	LogLevel  string        `env:"SIGNALBOX_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"What is logged, to the standard error: debug, info, warn, or error. Default: info"`
	Color     string        `enum:"auto,always,never" default:"auto" hidden:""`
}

// Help implements [kong.HelpProvider].
func (serveVerb) Help() string {
	return `Once it is ready, one line on the standard output says where, with which data, and how long that took. SIGTERM and Ctrl-C let requests and deliveries under way end; a second one does not wait. What was acknowledged is kept either way.

SDKs and tools need its address and any key: AWS_ENDPOINT_URL=http://localhost:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test. SIGNALBOX_KEY, 32 bytes in hexadecimal, is the key that seals secrets, instead of the one in DIR/seal.key.

With --watch, a function's source is the folder of its name in DIR, or its handler's file there. Go is built, JavaScript and TypeScript are bundled, Python is taken as it is; an invocation in flight ends with the code it began with. What does not build is told, here and in the function's log, and changes nothing.

Examples:

    signalbox serve
    signalbox serve --watch ./functions
    signalbox serve --listen 127.0.0.1:0 --data ./state
    SIGNALBOX_SECRET_KEY=… signalbox serve --auth required --access-key admin`
}

// defaultData is where data is kept unless something else is said.
func defaultData(env func(string) string) string {
	return filepath.Join(cmp.Or(env("XDG_DATA_HOME"), filepath.Join(env("HOME"), ".local", "share")), "signalbox")
}

// Run runs the server until a signal comes.
func (v *serveVerb) Run(ctx context.Context, sys *system) error {
	config, err := v.config(sys)
	if err != nil {
		return err
	}
	s, err := server.Start(ctx, config)
	if err != nil {
		return v.cannot(err)
	}
	if sys.env("GOGC") == "" {
		// What lives is small beside what passes through: collected half as
		// often, a call of PutEvents costs a fifth less.
		debug.SetGCPercent(200)
	}
	out := show.On(sys.out, show.Format{Color: v.Color}, sys.env)
	took := sys.clock.Now().Sub(sys.begun)
	if err := out.Printf("%s is ready at %s with data in %s after %d ms\n", out.Bold("Signalbox"), out.Name(s.URL()), config.Data, took.Milliseconds()); err != nil {
		return errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	<-ctx.Done()
	config.Logger.Info("stopping; what is under way may end")
	if err := s.Close(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}

func (v *serveVerb) config(sys *system) (server.Config, error) {
	c := server.Config{
		Listen: v.Listen, Data: v.Data, Watch: v.Watch, AccessKey: v.AccessKey, SecretKey: v.SecretKey, Key: sys.env("SIGNALBOX_KEY"),
		Retention: v.Retention, Private: v.Private, Version: version, Clock: sys.clock,
	}
	if (v.AccessKey == "") != (v.SecretKey == "") {
		return c, exit.Misused("", "--access-key and --secret-key go together")
	}
	if v.Watch != "" && v.Auth != "development" {
		return c, exit.Misused("", "--watch is for development, and does not go with --auth %s", v.Auth)
	}
	if v.Retention <= 0 {
		return c, exit.Misused("", "--retention must be positive, not %s", v.Retention)
	}
	var level slog.Level
	err := errors.Join(c.Auth.UnmarshalText([]byte(v.Auth)), level.UnmarshalText([]byte(v.LogLevel)))
	if err == nil {
		c.Journeys, err = journey.ParseLevel(v.Journeys)
	}
	if err == nil && v.IAM != "auto" {
		c.IAM = new(access.Mode)
		err = c.IAM.UnmarshalText([]byte(v.IAM))
	}
	c.Logger = slog.New(slog.NewTextHandler(sys.err, &slog.HandlerOptions{Level: level}))
	return c, err
}

// cannot says what to do about a server that does not start.
func (v *serveVerb) cannot(err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "is another Signalbox running? --listen 127.0.0.1:0 takes a free port"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EROFS):
		hint = "--data names another directory"
	case errors.Is(err, syscall.EAGAIN), strings.Contains(err.Error(), "lock"):
		hint = "another Signalbox uses this data; --data names another directory"
	}
	return &exit.Failure{Code: exit.No, Err: fmt.Errorf("cannot start: %w", err), Hint: hint}
}

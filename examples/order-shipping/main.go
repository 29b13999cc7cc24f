// Order-shipping is an order system and a carrier that cannot speak events,
// joined by Signalbox: steps 5 to 10 of the Serverless Event Gateway.
//
//	shop ── order created ──► bus "orders" ── rule ──► API destination ──► carrier (HTTP, Basic auth)
//	shop ◄── queue ◄── rule ── bus "orders" ◄── order shipped ── shop's HTTP endpoint ◄── carrier
//
// It starts Signalbox on a temporary data directory, sets everything up with
// the AWS SDK, sends 100 orders through, and kills Signalbox (SIGKILL) in the
// middle. Every order ends shipped all the same.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/term"
)

func main() {
	binary := flag.String("signalbox", "signalbox", "the signalbox `binary` to run")
	orders := flag.Int("orders", 100, "how many orders to send")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("not every order was shipped within two minutes"))
	defer cancel()
	if err := run(ctx, *binary, *orders); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		fmt.Fprintln(os.Stderr, "\norder-shipping:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, orders int) error {
	data, err := os.MkdirTemp("", "signalbox-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	box := &signalbox{binary: binary, data: data}
	if err := box.start(ctx); err != nil {
		return err
	}
	defer box.stop()

	shop, err := newShop(ctx, box.url())
	if err != nil {
		return err
	}
	defer shop.close()
	carrier, err := newCarrier(shop.confirmURL())
	if err != nil {
		return err
	}
	defer carrier.close()
	if err := shop.setUp(ctx, carrier.url()); err != nil {
		return fmt.Errorf("setting up: %w", err)
	}

	work, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 2)
	go func() { failed <- shop.place(work, orders) }()
	go func() { failed <- shop.follow(work) }()

	killed := false
	bar := progress{orders: orders, live: term.IsTerminal(int(os.Stdout.Fd()))}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			if err != nil {
				return err
			}
		case <-tick.C:
		}
		placed, shipped := shop.count()
		bar.draw(placed, carrier.called(), shipped)
		if !killed && shipped >= orders*2/5 {
			killed = true
			fmt.Printf("\n   SIGKILL with %d orders on their way …\n", placed-shipped)
			if err := box.crash(ctx); err != nil {
				return err
			}
		}
		if shipped == orders {
			break
		}
	}
	fmt.Printf("\n\nAll %d orders are shipped. The carrier was called %d times, %d of them again after the crash.\n",
		orders, carrier.calls(), carrier.calls()-carrier.called())
	fmt.Printf("The journey of one order (signalbox trace):\n\n")
	return box.run(ctx, "trace", shop.anEvent())
}

// progress is the bar: drawn over itself on a terminal, else a line now and then.
type progress struct {
	orders int
	live   bool
	shown  int // tenths, without a terminal
}

func (p *progress) draw(placed, called, shipped int) {
	const width = 40
	done := shipped * width / p.orders
	line := fmt.Sprintf("   %s%s  placed %3d   carrier called %3d   shipped %3d",
		strings.Repeat("█", done), strings.Repeat("░", width-done), placed, called, shipped)
	if p.live {
		fmt.Print("\r", line, " ")
		return
	}
	if tenths := shipped * 10 / p.orders; tenths > p.shown {
		p.shown = tenths
		fmt.Println(line)
	}
}

// signalbox is the server under demonstration, as a process of its own.
type signalbox struct {
	binary, data string
	process      *exec.Cmd
}

const address = "127.0.0.1:4599"

func (b *signalbox) url() string { return "http://" + address }

// start returns once the server says that it is ready.
func (b *signalbox) start(ctx context.Context) error {
	b.process = exec.Command(b.binary, "serve", "--listen", address, "--data", b.data, "--log-level", "error")
	b.process.Stderr = os.Stderr
	out, err := b.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.process.Start(); err != nil {
		return fmt.Errorf("starting signalbox: %w", err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		return fmt.Errorf("signalbox did not start: %w", err)
	}
	fmt.Printf("   %s", line[:n])
	return ctx.Err()
}

// crash kills the server and starts it again.
func (b *signalbox) crash(ctx context.Context) error {
	if err := b.process.Process.Kill(); err != nil {
		return err
	}
	_ = b.process.Wait() // it was killed
	return b.start(ctx)
}

func (b *signalbox) stop() {
	_ = b.process.Process.Signal(os.Interrupt)
	_ = b.process.Wait()
}

// run calls the command line.
func (b *signalbox) run(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, b.binary, args...)
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+b.url())
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}

// Order-shipping is an order system and a carrier that cannot speak events,
// joined by an event bus: the Serverless Event Gateway. What is deployed lies in
// terraform/ (and the same in template.yaml) and handlers/; nothing in there is
// made for Signalbox.
//
//	client ── Orders API ── create-order ── table ── stream ── pipe ── bus "orders"
//	bus ── order-created ── API destination (20 a second) ── carrier
//	carrier ── /confirm-shipment ── bus ── order-shipped ── confirm-shipment ── table
//
// This program starts Signalbox on a temporary data directory, deploys the
// application with Terraform or, where that is not installed, with `signalbox
// deploy`, makes 100 orders over the API, and kills Signalbox (SIGKILL) in the
// middle. Every order ends shipped all the same.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/term"
)

func main() {
	d := &deployment{}
	binary := flag.String("signalbox", "signalbox", "the signalbox `binary` to run")
	orders := flag.Int("orders", 100, "how many orders to make")
	flag.StringVar(&d.source, "source", "examples/order-shipping", "the `folder` of the application")
	flag.StringVar(&d.with, "deploy", "", "how to deploy: terraform or cloudformation; terraform where it is installed")
	flag.StringVar(&d.handlers, "handlers", "go", "which handlers: go or, with terraform, python")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *binary, d, *orders); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		fmt.Fprintln(os.Stderr, "\norder-shipping:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, d *deployment, orders int) error {
	work, err := os.MkdirTemp("", "signalbox-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	box := &signalbox{binary: binary, data: work + "/data"}
	if err := box.start(ctx); err != nil {
		return err
	}
	defer box.stop()
	begin := time.Now()
	api, err := d.deploy(ctx, box, work)
	if err != nil {
		return err
	}
	fmt.Printf("   deployed with %s in %.0f s: %s\n\n", d.with, time.Since(begin).Seconds(), api)

	ctx, cancel := context.WithTimeoutCause(ctx, 3*time.Minute, errors.New("not every order was shipped within three minutes"))
	defer cancel()
	shop := newShop(api)
	if err := shipAll(ctx, box, shop, orders); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	all, shipped, err := box.settled(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\n\nThe table has %d orders, %d of them made again because the server died before it answered; %d are shipped.\n", all, all-orders, shipped)
	if shipped != all || all < orders {
		return errors.New("an order was lost")
	}
	fmt.Printf("The journey of one of them (signalbox trace):\n\n")
	return box.run(ctx, "trace", shop.trace())
}

// shipAll makes orders and waits until each is shipped; on the way it kills the
// server.
func shipAll(ctx context.Context, box *signalbox, shop *shop, orders int) error {
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
		bar.draw(placed, shipped)
		if !killed && shipped >= orders*2/5 {
			killed = true
			fmt.Printf("\n   SIGKILL with %d orders on their way …\n", placed-shipped)
			if err := box.crash(ctx); err != nil {
				return err
			}
		}
		if shipped == orders {
			return nil
		}
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/signalbox/signalbox/clients/providers"
	"github.com/signalbox/signalbox/examples/order-shipping/packages"
)

// deployment puts the application into Signalbox.
type deployment struct {
	source   string // the application's folder
	with     string // terraform, cloudformation; empty: to be found out
	handlers string // go, python
}

const terraform, cloudformation = "terraform", "cloudformation"

// deploy returns the address of the Orders API.
func (d *deployment) deploy(ctx context.Context, box *signalbox, work string) (api string, err error) {
	if d.with == cloudformation {
		return d.stack(ctx, box)
	}
	dir := filepath.Join(work, "terraform")
	err = d.initialize(ctx, dir)
	switch {
	case err == nil:
		d.with = terraform
		return d.terraform(ctx, box, work, dir)
	case d.with == terraform:
		return "", err
	}
	fmt.Printf("   without Terraform (%s)\n", firstLine(err))
	d.with = cloudformation
	return d.stack(ctx, box)
}

// initialize copies the configuration, and has Terraform fetch its provider.
func (d *deployment) initialize(ctx context.Context, dir string) error {
	if _, err := exec.LookPath("terraform"); err != nil {
		return errors.New("it is not installed")
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(d.source, "terraform"))); err != nil {
		return err
	}
	args := []string{"init", "-input=false", "-no-color"}
	if plugins := providers.Dir(); plugins != "" {
		args = append(args, "-plugin-dir="+plugins)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, err := command(ctx, dir, "terraform", args...)
	return err
}

func (d *deployment) terraform(ctx context.Context, box *signalbox, work, dir string) (string, error) {
	pack := map[string]func(context.Context, string, string) error{"go": packages.Go, "python": packages.Python}[d.handlers]
	if pack == nil {
		return "", fmt.Errorf("there are no handlers in %q, but in go and python", d.handlers)
	}
	fmt.Printf("   packing the %s handlers, applying the Terraform configuration …\n", d.handlers)
	if err := pack(ctx, d.source, work); err != nil {
		return "", err
	}
	if _, err := command(ctx, dir, "terraform", "apply", "-auto-approve", "-input=false", "-no-color",
		"-var=endpoint="+box.url(), "-var=packages="+work, "-var=handlers="+d.handlers); err != nil {
		return "", err
	}
	return command(ctx, dir, "terraform", "output", "-raw", "orders_api_gateway_url")
}

// stack deploys the template with the Go handlers, which needs only Go.
func (d *deployment) stack(ctx context.Context, box *signalbox) (string, error) {
	fmt.Println("   deploying template.yaml with the go handlers …")
	const name = "order-shipping"
	if err := box.run(ctx, "deploy", filepath.Join(d.source, "template.yaml"), "--stack-name", name, "--capability", "CAPABILITY_IAM"); err != nil {
		return "", err
	}
	return box.output(ctx, name, "OrdersApiGatewayUrl")
}

// command runs a program in a folder and returns what it writes, without the
// white space around it.
func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	var out, failure bytes.Buffer
	c.Stdout, c.Stderr = &out, &failure
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, args[0], err, failure.String(), out.String())
	}
	return strings.TrimSpace(out.String()), nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

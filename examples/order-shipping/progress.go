package main

import (
	"fmt"
	"strings"
)

// progress is the bar: drawn over itself on a terminal, else a line now and then.
type progress struct {
	orders int
	live   bool
	shown  int // tenths, without a terminal
}

func (p *progress) draw(placed, shipped int) {
	const width = 40
	done := shipped * width / p.orders
	line := fmt.Sprintf("   %s%s  placed %3d   shipped %3d",
		strings.Repeat("█", done), strings.Repeat("░", width-done), placed, shipped)
	if p.live {
		fmt.Print("\r", line, " ")
		return
	}
	if tenths := shipped * 10 / p.orders; tenths > p.shown {
		p.shown = tenths
		fmt.Println(line)
	}
}

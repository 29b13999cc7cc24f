package main

import (
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

func TestTheProgressBarShowsHowMuchOfTheFileIsSent(t *testing.T) {
	begun := time.Unix(0, 0)
	s := &sender{notes: &show.Screen{}, input: &input{size: 200, read: 100}, begun: begun, sent: 1500}
	want := strings.Repeat("█", 16) + strings.Repeat("░", 16) + "  50 %  1,500 events  750/s"
	if got := s.bar(begun.Add(2 * time.Second)); got != want {
		t.Errorf("the bar is %q, not %q", got, want)
	}
	s.input.size = 0
	if got := s.bar(begun); got != "1,500 events" {
		t.Errorf("without a size the bar is %q", got)
	}
}

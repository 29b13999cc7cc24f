package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"io"
	"os"
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"
	"golang.org/x/term"
)

// format is how a verb writes.
type format struct {
	Output string `short:"o" enum:"text,json" default:"text" placeholder:"text|json" help:"For people (text) or for scripts (json)."`
	Color  string `enum:"auto,always,never" default:"auto" placeholder:"auto|always|never" help:"Colour the text; auto is on a terminal, unless NO_COLOR is set."`
}

func (f format) json() bool { return f.Output == "json" }

// screen is what people read: text in the terminal's own 16 colours, or in none.
type screen struct {
	w        io.Writer
	coloured bool
	terminal bool
	width    int // columns of the terminal; 0 where they are not known
}

func newScreen(sys *system, w io.Writer, f format) *screen {
	s := &screen{w: w}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		s.terminal = true
		s.coloured = sys.env("NO_COLOR") == "" && sys.env("TERM") != "dumb"
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			s.width = width
		}
	}
	switch f.Color {
	case "always":
		s.coloured = true
	case "never":
		s.coloured = false
	}
	return s
}

// live tells whether a person looks on.
func (s *screen) live() bool { return s.terminal }

func (s *screen) paint(style lipgloss.Style, text string) string {
	if !s.coloured || text == "" {
		return text
	}
	return style.Render(text)
}

// The roles that text has. Each is one colour; nothing else is coloured.
func (s *screen) good(text string) string  { return s.paint(ink(lipgloss.Green), text) }
func (s *screen) warn(text string) string  { return s.paint(ink(lipgloss.Yellow), text) }
func (s *screen) bad(text string) string   { return s.paint(ink(lipgloss.Red), text) }
func (s *screen) name(text string) string  { return s.paint(ink(lipgloss.Cyan), text) }
func (s *screen) faint(text string) string { return s.paint(lipgloss.NewStyle().Faint(true), text) }
func (s *screen) bold(text string) string  { return s.paint(lipgloss.NewStyle().Bold(true), text) }

func ink(c color.Color) lipgloss.Style { return lipgloss.NewStyle().Foreground(c) }

// mark is a check mark or a cross.
func (s *screen) mark(yes bool) string {
	if yes {
		return s.good("✓")
	}
	return s.bad("✗")
}

func (s *screen) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(s.w, format, args...)
	return err
}

var memberName = regexp.MustCompile(`(?m)^( *)("(?:[^"\\]|\\.)*"):`)

// pretty is a JSON text for a person: indented, its members' names painted.
func (s *screen) pretty(text []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return string(text)
	}
	return memberName.ReplaceAllStringFunc(out.String(), func(m string) string {
		blanks := m[:strings.IndexByte(m, '"')]
		return blanks + s.name(m[len(blanks):len(m)-1]) + ":"
	})
}

// writeJSON writes a value for scripts, indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// writeLine writes a value for scripts on one line, of verbs that write many.
func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

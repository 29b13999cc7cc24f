// Package show writes what people read: coloured text, tables, and numbers in
// words.
//
// A verb asks [On] for the screen of one of its outputs, builds a [Table] or
// lines of painted text, and prints them. Text is painted by what it means
// ([Screen.Good], [Screen.Bad] …), never by a colour's name.
//
// It promises that nothing is coloured where colours are not wanted (NO_COLOR,
// --color never, no terminal), and that tables fit the terminal.
package show

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

// Format is how a verb writes.
type Format struct {
	Output string `short:"o" enum:"text,json" default:"text" placeholder:"text|json" help:"For people (text) or for scripts (json)."`
	Color  string `enum:"auto,always,never" default:"auto" placeholder:"auto|always|never" help:"Colour the text; auto is on a terminal, unless NO_COLOR is set."`
}

// JSON tells whether a script reads it.
func (f Format) JSON() bool { return f.Output == "json" }

// Screen is what people read: text in the terminal's own 16 colours, or in none.
type Screen struct {
	Out      io.Writer
	coloured bool
	terminal bool
	Width    int // columns of the terminal; 0 where they are not known
}

// On is the screen of an output.
func On(w io.Writer, f Format, env func(string) string) *Screen {
	s := &Screen{Out: w}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		s.terminal = true
		s.coloured = env("NO_COLOR") == "" && env("TERM") != "dumb"
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			s.Width = width
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

// Live tells whether a person looks on.
func (s *Screen) Live() bool { return s.terminal }

func (s *Screen) paint(style lipgloss.Style, text string) string {
	if !s.coloured || text == "" {
		return text
	}
	return style.Render(text)
}

// The roles that text has. Each is one colour; nothing else is coloured.

// Good is text of what went well.
func (s *Screen) Good(text string) string { return s.paint(ink(lipgloss.Green), text) }

// Warn is text of what a person should look at.
func (s *Screen) Warn(text string) string { return s.paint(ink(lipgloss.Yellow), text) }

// Bad is text of what went wrong.
func (s *Screen) Bad(text string) string { return s.paint(ink(lipgloss.Red), text) }

// Name is the name of a thing.
func (s *Screen) Name(text string) string { return s.paint(ink(lipgloss.Cyan), text) }

// Faint is text that stands back.
func (s *Screen) Faint(text string) string { return s.paint(lipgloss.NewStyle().Faint(true), text) }

// Bold is text that stands out.
func (s *Screen) Bold(text string) string { return s.paint(lipgloss.NewStyle().Bold(true), text) }

func ink(c color.Color) lipgloss.Style { return lipgloss.NewStyle().Foreground(c) }

// Mark is a check mark or a cross.
func (s *Screen) Mark(yes bool) string {
	if yes {
		return s.Good("✓")
	}
	return s.Bad("✗")
}

// Printf writes, as [fmt.Printf] does.
func (s *Screen) Printf(format string, args ...any) error {
	_, err := fmt.Fprintf(s.Out, format, args...)
	return err
}

var memberName = regexp.MustCompile(`(?m)^( *)("(?:[^"\\]|\\.)*"):`)

// Pretty is a JSON text for a person: indented, its members' names painted.
func (s *Screen) Pretty(text []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return string(text)
	}
	return memberName.ReplaceAllStringFunc(out.String(), func(m string) string {
		blanks := m[:strings.IndexByte(m, '"')]
		return blanks + s.Name(m[len(blanks):len(m)-1]) + ":"
	})
}

// WriteJSON writes a value for scripts, indented.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// WriteLine writes a value for scripts on one line, of verbs that write many.
func WriteLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

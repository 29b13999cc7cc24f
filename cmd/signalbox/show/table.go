package show

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Gap is what stands between two columns.
const Gap = "  "

// Table is text in columns. Cells may be coloured. Columns in which no row has
// anything are left out.
type Table struct {
	Head  []string // may be nil
	Rows  [][]string
	Right map[int]bool // columns of numbers
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Lines are the head and the rows with their cells under each other. Where width is not 0,
// lines that are longer end in an ellipsis.
func (t *Table) Lines(width int) []string {
	var widths []int
	for _, row := range t.Rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
	rows := t.Rows
	if t.Head != nil {
		for i := range widths {
			if widths[i] > 0 {
				widths[i] = max(widths[i], lipgloss.Width(t.Head[i]))
			}
		}
		rows = append([][]string{t.Head[:len(widths)]}, rows...)
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if widths[i] == 0 {
				continue
			}
			pad := strings.Repeat(" ", widths[i]-lipgloss.Width(cell))
			switch {
			case t.Right[i]:
				line.WriteString(pad + cell)
			default:
				line.WriteString(cell + pad)
			}
			line.WriteString(Gap)
		}
		lines[n] = Clip(strings.TrimRight(line.String(), " "), width)
	}
	return lines
}

// Write writes the lines behind an indent.
func (t *Table) Write(s *Screen, indent string) error {
	width := s.Width
	if width > 0 {
		width = max(width-len(indent), 20)
	}
	for _, line := range t.Lines(width) {
		if err := s.Printf("%s\n", strings.TrimRight(indent+line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// Clip cuts a text to at most width columns; 0 leaves it whole.
func Clip(text string, width int) string {
	if width <= 0 || lipgloss.Width(text) <= width {
		return text
	}
	return lipgloss.NewStyle().MaxWidth(width-1).Render(text) + "…"
}

// Heads are the names of columns.
func (s *Screen) Heads(names ...string) []string {
	for i, n := range names {
		names[i] = s.Faint(n)
	}
	return names
}

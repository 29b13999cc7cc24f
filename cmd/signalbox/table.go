package main

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// gap is what stands between two columns.
const gap = "  "

// table is text in columns. Cells may be coloured. Columns in which no row has
// anything are left out.
type table struct {
	head  []string // may be nil
	rows  [][]string
	right map[int]bool // columns of numbers
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// lines are the head and the rows with their cells under each other. Where width is not 0,
// lines that are longer end in an ellipsis.
func (t *table) lines(width int) []string {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
	rows := t.rows
	if t.head != nil {
		for i := range widths {
			if widths[i] > 0 {
				widths[i] = max(widths[i], lipgloss.Width(t.head[i]))
			}
		}
		rows = append([][]string{t.head[:len(widths)]}, rows...)
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
			case t.right[i]:
				line.WriteString(pad + cell)
			default:
				line.WriteString(cell + pad)
			}
			line.WriteString(gap)
		}
		lines[n] = clip(strings.TrimRight(line.String(), " "), width)
	}
	return lines
}

// write writes the lines behind an indent.
func (t *table) write(s *screen, indent string) error {
	width := s.width
	if width > 0 {
		width = max(width-len(indent), 20)
	}
	for _, line := range t.lines(width) {
		if err := s.printf("%s\n", strings.TrimRight(indent+line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// clip cuts a text to at most width columns; 0 leaves it whole.
func clip(text string, width int) string {
	if width <= 0 || lipgloss.Width(text) <= width {
		return text
	}
	return lipgloss.NewStyle().MaxWidth(width-1).Render(text) + "…"
}

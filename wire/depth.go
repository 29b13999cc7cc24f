package wire

// Deeper tells whether the objects and arrays of a JSON text nest more than
// limit levels deep. It looks at brackets alone, so that it can say so before
// anything follows them down; of what is no JSON its answer means nothing.
func Deeper[T ~string | ~[]byte](text T, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

package transform

import "unicode/utf8"

// appendCompact appends JSON without the white space between its tokens.
func appendCompact(dst, v []byte) []byte {
	from := 0
	for i := 0; i < len(v); {
		switch {
		case v[i] == '"':
			i = skipString(v, i)
		case isSpace(v[i]):
			dst = append(dst, v[from:i]...)
			i = skipSpace(v, i)
			from = i
		default:
			i++
		}
	}
	return append(dst, v[from:]...)
}

// appendBare appends JSON without white space and without any quotation marks,
// not even those that are part of its texts: what AWS puts inside a string for
// an object or array. Other escapes stay as they are, so that the result may
// stand inside a JSON string.
func appendBare(dst, v []byte) []byte {
	for i := 0; i < len(v); {
		switch {
		case v[i] == '"':
			end := skipString(v, i)
			dst = appendUnquoted(dst, inner(v[i:end]))
			i = end
		case isSpace(v[i]):
			i++
		default:
			dst = append(dst, v[i])
			i++
		}
	}
	return dst
}

func appendUnquoted(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			if i++; text[i] == '"' {
				continue
			}
			dst = append(dst, '\\')
		}
		dst = append(dst, text[i])
	}
	return dst
}

// inner is what stands between a string's quotes.
func inner(v []byte) []byte {
	if len(v) < 2 {
		return nil
	}
	return v[1 : len(v)-1]
}

// appendEscaped appends text as it must stand between the quotes of a JSON
// string.
func appendEscaped(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

func appendQuoted(dst []byte, text string) []byte {
	return append(appendEscaped(append(dst, '"'), text), '"')
}

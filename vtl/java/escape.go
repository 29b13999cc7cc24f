package java

import (
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789ABCDEF"

func appendUnicode(b []byte, c uint16) []byte {
	return append(b, '\\', 'u', hexDigits[c>>12], hexDigits[c>>8&15], hexDigits[c>>4&15], hexDigits[c&15])
}

// Quote writes a JSON string as json-smart does; slashes are escaped as well
// where slashes says so.
func Quote(s string, slashes bool) string {
	b := make([]byte, 1, len(s)+2)
	b[0] = '"'
	for _, c := range s {
		switch {
		case c == '"', c == '\\', c == '/' && slashes:
			b = append(b, '\\', byte(c))
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < 0x20, c >= 0x7F && c <= 0x9F, c >= 0x2000 && c <= 0x20FF:
			b = appendUnicode(b, uint16(c))
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return string(append(b, '"'))
}

// EscapeJavaScript is the escapeEcmaScript of Apache Commons: quotation marks,
// backslashes, slashes, control characters and all beyond ASCII.
func EscapeJavaScript(s string) string {
	var b []byte
	for _, c := range s {
		switch {
		case c == '"', c == '\'', c == '\\', c == '/':
			b = append(b, '\\', byte(c))
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c >= 0x20 && c <= 0x7F:
			b = append(b, byte(c))
		case c > 0xFFFF:
			high, low := utf16.EncodeRune(c)
			b = appendUnicode(appendUnicode(b, uint16(high)), uint16(low))
		default:
			b = appendUnicode(b, uint16(c))
		}
	}
	return string(b)
}

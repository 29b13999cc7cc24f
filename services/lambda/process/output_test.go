package process

import (
	"encoding/binary"
	"strings"
	"testing"
)

func frame(text string) string {
	b := binary.BigEndian.AppendUint32(nil, frameType)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return string(append(b, make([]byte, 8)...)) + text
}

func TestMessages(t *testing.T) {
	for _, c := range []struct {
		says   string
		framed bool
		parts  []string
		want   []string
	}{
		{"lines", false, []string{"a\nb\n"}, []string{"a", "b"}},
		{"lines with carriage returns", false, []string{"a\r\n"}, []string{"a"}},
		{"a line in parts", false, []string{"he", "llo\nwo", "rld\n"}, []string{"hello", "world"}},
		{"an empty line", false, []string{"\n"}, []string{""}},
		{"a line without an end", false, []string{"a\nb"}, []string{"a"}},
		{"a long line is cut", false, []string{strings.Repeat("x", maxMessage+1) + "\n"}, []string{strings.Repeat("x", maxMessage), "x"}},
		{"frames", true, []string{frame("a\nb") + frame("c")}, []string{"a\nb", "c"}},
		{"a frame in parts", true, []string{frame("hello")[:10], frame("hello")[10:18], frame("hello")[18:]}, []string{"hello"}},
		{"what is no frame", true, []string{"this is no frame at all"}, []string{"this is no frame at all"}},
	} {
		t.Run(c.says, func(t *testing.T) {
			var got []string
			o := &output{sink: func(m []byte) { got = append(got, string(m)) }}
			s := &stream{framed: c.framed}
			for _, p := range c.parts {
				o.feed(s, []byte(p))
			}
			if strings.Join(got, "|") != strings.Join(c.want, "|") || len(got) != len(c.want) {
				t.Errorf("got %.100q, want %.100q", got, c.want)
			}
		})
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte(frame("a")+frame("")), 3)
	f.Add([]byte("\xa5\x5a\x00\x03\xff\xff\xff\xff00000000x"), 1)
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		size := 0
		o := &output{sink: func(m []byte) { size += len(m) }}
		s := &stream{framed: true}
		for step = max(step, 1); len(text) > 0; text = text[min(step, len(text)):] {
			o.feed(s, text[:min(step, len(text))])
		}
		if size > maxInvocation {
			t.Errorf("%d bytes were handed over", size)
		}
	})
}

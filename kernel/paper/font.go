package paper

import "golang.org/x/text/encoding/simplifiedchinese"

// names gives the font of a face. Fonts named _GB2312 and the small title Song
// hold the 6,763 characters of GB 2312 only; for the others the wide fonts of
// the same cut stand in, and beyond the basic plane the extended Song.
func (f Fonts) name(face Face, rare, far bool) string {
	if far {
		return "SimSun-ExtB"
	}
	if f == GB && !rare {
		switch face {
		case Fang:
			return "仿宋_GB2312"
		case Kai:
			return "楷体_GB2312"
		case Biao:
			return "方正小标宋简体"
		}
	}
	switch face {
	case Fang:
		return "仿宋"
	case Kai:
		return "楷体"
	case Hei:
		return "黑体"
	}
	return "宋体"
}

// stretch is a part of a run that one font can set.
type stretch struct {
	text      string
	rare, far bool
}

// stretches divides text by the fonts it needs.
func stretches(text string) []stretch {
	var out []stretch
	for _, r := range text {
		s := stretch{rare: !inGB2312(r), far: r > 0xFFFF}
		if n := len(out); n > 0 && out[n-1].rare == s.rare && out[n-1].far == s.far {
			out[n-1].text += string(r)
			continue
		}
		s.text = string(r)
		out = append(out, s)
	}
	return out
}

// inGB2312 reports a character of GB 2312, or one of ASCII.
func inGB2312(r rune) bool {
	if r < 0x80 || r == '—' || r == '·' || r == '〔' || r == '〕' { // EUC-CN writes dash and dot under other numbers
		return true
	}
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	return err == nil && len(b) == 2 && b[0] >= 0xA1 && b[0] <= 0xF7 && b[1] >= 0xA1
}

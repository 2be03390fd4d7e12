package unit

import (
	"strings"
	"testing"
)

func TestCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, code string }{
		{"u", "C62"}, {"Unit", "C62"}, {"Units", "C62"}, {"pcs", "H87"}, {"PCS.", "H87"}, {"Stück", "H87"}, {"EA", "EA"}, {"Each", "EA"},
		{"kg", "KGM"}, {"KG", "KGM"}, {"KGM", "KGM"}, {" kg ", "KGM"}, {"g", "GRM"}, {"t", "TNE"}, {"lb", "LBR"},
		{"m", "MTR"}, {"MM", "MMT"}, {"m2", "MTK"}, {"m³", "MTQ"}, {"L", "LTR"}, {"ltr", "LTR"}, {"gal (US)", "GLL"}, {"gal  (us)", "GLL"},
		{"h", "HUR"}, {"H", "HUR"}, {"Hours", "HUR"}, {"d", "DAY"}, {"min", "MIN"}, {"Dozens", "DZN"}, {"%", "P1"},
		{"MW", "MAW"}, {"kWh", "KWH"}, {"µm", "4H"}, {"µm", "4H"}, {"one", "C62"},
	} {
		if code, ok := Code(c.text); code != c.code || !ok {
			t.Errorf("Code(%q) = %q, %v; want %q", c.text, code, ok, c.code)
		}
	}
}

// A text that could mean several units, or none, gives no code.
func TestCodeLeavesDoubtfulWordsAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "M", "mW", "mj", "T", "ton", "gal", "GAL", "ST", "PS", "bar", "ct", "gr", "PAL", "box", "S", "D", "59", "L2", "\x00"} {
		if code, ok := Code(text); ok || code != "" {
			t.Errorf("Code(%q) = %q; want none", text, code)
		}
	}
}

// Every symbol and every word leads to one unit only, so that the order of the table does not matter.
func TestTableIsUnambiguous(t *testing.T) {
	t.Parallel()
	symbols, words, codes := map[string]string{}, map[string]string{}, map[string]bool{}
	claim := func(in map[string]string, word, code string) {
		if by, taken := in[word]; taken && by != code {
			t.Errorf("%q means %s and %s", word, by, code)
		}
		in[word] = code
	}
	for _, u := range All() {
		if codes[u.Code] || len(u.Code) < 2 || len(u.Code) > 3 || u.Code != strings.ToUpper(u.Code) || u.Name == "" {
			t.Errorf("%q %q: twice, or no code, or no name", u.Code, u.Name)
		}
		codes[u.Code] = true
		claim(symbols, u.Code, u.Code)
		for _, s := range u.Symbols {
			claim(symbols, s, u.Code)
		}
		for _, w := range append(u.Words, u.Name) {
			claim(words, strings.ToLower(w), u.Code)
		}
	}
	for s, code := range symbols {
		if by, taken := words[strings.ToLower(s)]; taken && by != code {
			t.Errorf("symbol %q means %s and as a word %s", s, code, by)
		}
	}
}

// Every name, word, symbol and three-letter code is found.
func TestEveryWordIsFound(t *testing.T) {
	t.Parallel()
	for _, u := range All() {
		texts := append(append([]string{u.Name}, u.Words...), u.Symbols...)
		for _, text := range texts {
			if code, _ := Code(text); code != u.Code {
				t.Errorf("Code(%q) = %q; want %s", text, code, u.Code)
			}
		}
	}
}

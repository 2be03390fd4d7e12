// Package unit owns the units of measure of UN/ECE Recommendation 20 that industrial systems use, and the words by which
// systems call them. It knows nothing of quantities, entities or systems.
package unit

import "strings"

// Unit is one unit of Recommendation 20.
type Unit struct {
	Code    string   // common code: "KGM"
	Name    string   // "kilogram"
	Symbols []string // matched as they are written: "MW" is not "mW"
	Words   []string // matched in any case
}

// All lists the units, by what they measure.
func All() []Unit { return table() }

// Code gives the code of the unit that a source calls by this text: a symbol, a word, the unit's name or the code itself. It is
// not ok for unknown words and for those that mean different units in different places (gal, ton, ST, M): a missing code is
// better than a wrong one.
func Code(text string) (code string, ok bool) {
	text = strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
	if code, ok = exact[text]; ok {
		return code, true
	}
	code, ok = folded[strings.ToLower(text)]
	return code, ok
}

// The two indexes are built once and never changed.
var exact, folded = index(table())

func index(units []Unit) (exact, folded map[string]string) {
	exact, folded = map[string]string{}, map[string]string{}
	for _, u := range units {
		for _, s := range u.Symbols {
			exact[s] = u.Code
		}
		if len(u.Code) == 3 { // shorter codes are too easily another word
			exact[u.Code] = u.Code
		}
		folded[strings.ToLower(u.Name)] = u.Code
		for _, w := range u.Words {
			folded[strings.ToLower(w)] = u.Code
		}
	}
	return exact, folded
}

package mapping

import (
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// writeCurrency appends the ISO 4217 code of a currency, or null for a word that is none: an amount in an unknown currency is
// true, one in a wrong currency is not. The source's word stays in the raw record.
func writeCurrency(c *call, s scalar) error {
	return writeCode(c, s, func(code string) bool {
		_, err := currency.ParseISO(code)
		return err == nil
	})
}

// writeCountry appends the ISO 3166-1 alpha-2 code of a country, or null for a text that is none.
func writeCountry(c *call, s scalar) error {
	return writeCode(c, s, func(code string) bool {
		r, err := language.ParseRegion(code)
		return err == nil && len(code) == 2 && r.IsCountry() && r.String() == code
	})
}

func writeCode(c *call, s scalar, known func(string) bool) error {
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	if code := strings.ToUpper(strings.TrimSpace(string(text))); len(code) <= 3 && known(code) {
		c.add(`"`)
		c.add(code)
		c.add(`"`)
		return nil
	}
	c.add("null")
	return nil
}

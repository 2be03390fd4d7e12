package erp

import (
	"fmt"
	"strconv"
	"strings"
)

// Amounts are whole numbers of the smallest step: money in cents, unit prices in 1/10000, quantities in 1/1000.
const (
	moneyDigits    = 2
	priceDigits    = 4
	quantityDigits = 3
	rateDigits     = 6
)

// fixed writes v, counted in steps of 10^-digits, as decimal text.
func fixed(v int64, digits int) string {
	var buf [24]byte
	b := buf[:0]
	if v < 0 {
		b, v = append(b, '-'), -v
	}
	s := strconv.AppendInt(nil, v, 10)
	for len(s) <= digits {
		s = append([]byte{'0'}, s...)
	}
	b = append(b, s[:len(s)-digits]...)
	b = append(b, '.')
	return string(append(b, s[len(s)-digits:]...))
}

// parseFixed reads decimal text into steps of 10^-digits; more digits than that are refused.
func parseFixed(text string, digits int) (int64, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > digits {
		return 0, fmt.Errorf("%q has more than %d digits after the point", text, digits)
	}
	v, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil || whole == "" {
		return 0, fmt.Errorf("%q is not a decimal number", text)
	}
	return v, nil
}

// lineAmount is quantity × price less a discount in hundredths of a percent, in cents, rounded half up.
func lineAmount(quantity, price, discount int64) int64 {
	gross := quantity * price / 100 // 1/1000 × 1/10000 → 1/100000
	return (gross*(10000-discount)/10000 + 500) / 1000
}

// tax is 19 % in cents, rounded half up.
func tax(amount int64) int64 { return (amount*19 + 50) / 100 }

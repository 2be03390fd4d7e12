package check

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// same compares two values that are there.
func (x *comparison) same(kind model.Kind, folds bool, want, have rawjson.Value) bool {
	if want.Kind() != have.Kind() {
		return false
	}
	if want.Kind() != rawjson.String {
		equal, err := rawjson.Equal(want.Raw(), have.Raw(), nil)
		return err == nil && equal
	}
	a, b := textOf(want), textOf(have)
	switch {
	case a == b:
		return true
	case folds:
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	switch kind {
	case model.Decimal:
		return x.sameNumber(a, b)
	case model.Instant:
		return x.sameInstant(a, b)
	case model.Duration:
		return mapping.SameDuration(a, b)
	case model.Ref:
		return strings.EqualFold(a, b)
	}
	return !x.exact && tidy(a) == tidy(b)
}

// tidy leaves out what systems take off texts.
func tidy(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// leastDigits is how many decimals a system is expected to keep even where the record shows fewer: 12.4 that comes back as 12 was not taken.
const leastDigits = 2

// sameNumber compares by value. A number counts as taken if it was rounded, or cut off, to the decimals that the record shows.
func (x *comparison) sameNumber(want, have string) bool {
	a, ok := number(want)
	b, fits := number(have)
	if !ok || !fits || a.Cmp(b) == 0 {
		return ok && fits
	}
	if x.exact {
		return false
	}
	_, fraction, _ := strings.Cut(have, ".")
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(len(fraction), leastDigits))), nil))
	scaled, kept := new(big.Rat).Mul(a, unit), new(big.Rat).Mul(b, unit)
	if scaled.IsInt() {
		return false
	}
	cut := new(big.Int).Quo(scaled.Num(), scaled.Denom())
	away := new(big.Int).Add(cut, big.NewInt(int64(scaled.Sign())))
	half := new(big.Rat).Sub(scaled, new(big.Rat).SetInt(cut))
	roundsAway := half.Abs(half).Cmp(big.NewRat(1, 2)) >= 0
	return kept.Cmp(new(big.Rat).SetInt(cut)) == 0 || roundsAway && kept.Cmp(new(big.Rat).SetInt(away)) == 0
}

// number reads a decimal; one that is too long to be one is none.
func number(text string) (*big.Rat, bool) {
	const most = 100 // digits
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	shift, err := strconv.Atoi("0" + strings.TrimLeft(exponent, "+-"))
	if err != nil || len(mantissa)+shift > 2*most || strings.Trim(mantissa, "+-.0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// sameInstant compares moments. Fractions of a second count only where every digit does.
func (x *comparison) sameInstant(want, have string) bool {
	a, err := time.Parse(time.RFC3339Nano, want)
	b, other := time.Parse(time.RFC3339Nano, have)
	if err != nil || other != nil {
		return false
	}
	apart := a.Sub(b).Abs()
	return apart == 0 || !x.exact && apart < time.Second
}

package mapping

import (
	"bytes"
	"fmt"
	"strconv"
)

// maxDigits is how long a decimal may be, written out.
const maxDigits = 100

// appendDecimal appends a number without exponent, plus sign or needless leading zeros; trailing zeros of the fraction stay,
// because they tell the precision. "1E+2" gives 100, "12.50" stays. The value never changes.
func appendDecimal(dst, text []byte) ([]byte, error) {
	if isPlain(text) {
		return append(dst, text...), nil
	}
	start := len(dst)
	number := text
	if bytes.HasPrefix(number, []byte{'-'}) {
		dst = append(dst, '-')
	}
	if len(number) > 0 && (number[0] == '-' || number[0] == '+') {
		number = number[1:]
	}
	mantissa, exponent, err := cutExponent(number)
	if err != nil {
		return dst, notNumber(text)
	}
	whole, fraction, dot := bytes.Cut(mantissa, []byte{'.'})
	if !digits(whole) || !digits(fraction) || len(whole)+len(fraction) == 0 || dot && len(fraction) == 0 {
		return dst, notNumber(text)
	}
	if len(whole)+len(fraction)+max(exponent, -exponent) > maxDigits {
		return dst, fmt.Errorf("%s has more than %d digits", excerpt(text), maxDigits)
	}
	dst = appendShifted(dst, whole, fraction, exponent)
	if dst[start] == '-' && len(bytes.Trim(dst[start+1:], "0.")) == 0 {
		dst = append(dst[:start], dst[start+1:]...) // minus zero is zero
	}
	return dst, nil
}

// isPlain tells whether a number is written as it is to be already.
func isPlain(text []byte) bool {
	if len(text) == 0 || len(text) > maxDigits || text[0]-'1' > 8 {
		return false
	}
	point := 0
	for i, c := range text {
		switch {
		case c == '.' && point == 0:
			point = i
		case c-'0' > 9:
			return false
		}
	}
	return point != len(text)-1
}

func notNumber(text []byte) error {
	return fmt.Errorf("a number is wanted, this is %s", excerpt(text))
}

func cutExponent(number []byte) (mantissa []byte, exponent int, err error) {
	at := bytes.IndexAny(number, "eE")
	if at < 0 {
		return number, 0, nil
	}
	n, err := strconv.ParseInt(string(number[at+1:]), 10, 64)
	const far = 1 << 30
	if numError, ok := err.(*strconv.NumError); ok && numError.Err == strconv.ErrRange {
		n, err = far, nil
	}
	return number[:at], int(min(max(n, -far), far)), err
}

// appendShifted appends whole.fraction with the point moved by exponent places.
func appendShifted(dst, whole, fraction []byte, exponent int) []byte {
	var room [2 * maxDigits]byte
	all := append(append(room[:0], whole...), fraction...)
	point := len(whole) + exponent
	for len(all) < point {
		all = append(all, '0')
	}
	if point < 0 {
		all = append(bytes.Repeat([]byte{'0'}, -point), all...)
		point = 0
	}
	significant := bytes.TrimLeft(all[:point], "0")
	if len(significant) == 0 {
		significant = []byte{'0'}
	}
	dst = append(dst, significant...)
	if point == len(all) {
		return dst
	}
	return append(append(dst, '.'), all[point:]...)
}

func digits(text []byte) bool {
	for _, c := range text {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

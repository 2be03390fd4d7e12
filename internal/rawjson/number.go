package rawjson

import (
	"bytes"
	"strconv"
)

// SameNumber tells whether two JSON numbers have the same value, exactly: 1, 1.0 and 10e-1 have.
func SameNumber(a, b []byte) bool {
	return bytes.Equal(a, b) || reduce(a) == reduce(b)
}

// reduced is a number as 0.digits x 10^exponent with neither leading nor trailing zeros in digits.
type reduced struct {
	negative bool
	digits   string
	exponent int64
}

func reduce(n []byte) reduced {
	negative := bytes.HasPrefix(n, []byte{'-'})
	mantissa, exponent := bytes.TrimPrefix(n, []byte{'-'}), int64(0)
	if i := bytes.IndexAny(mantissa, "eE"); i >= 0 {
		e, err := strconv.ParseInt(string(mantissa[i+1:]), 10, 32)
		if err != nil {
			return reduced{digits: string(n)} // beyond all bounds: the same only in the same notation
		}
		mantissa, exponent = mantissa[:i], e
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte{'.'})
	digits := append(append([]byte(nil), whole...), fraction...)
	significant := bytes.TrimLeft(digits, "0")
	exponent += int64(len(whole) - (len(digits) - len(significant)))
	significant = bytes.TrimRight(significant, "0")
	if len(significant) == 0 {
		return reduced{}
	}
	return reduced{negative, string(significant), exponent}
}

package mapping

import (
	"math/big"
	"testing"
	"time"
)

func TestDecimal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"12.50": "12.50", "1E+2": "100", "1e2": "100", "12.50E1": "125.0", "1.5e-3": "0.0015", "0": "0", "-0": "0", "-0.00": "0.00", "000123.40": "123.40",
		"+5": "5", ".5": "0.5", "-.5": "-0.5", "0.10": "0.10", "1e0": "1", "0e5": "000000"[:1], "123e-2": "1.23", "12e-5": "0.00012", "9007199254740993": "9007199254740993",
		"1e99": "1" + zeros(99),
	} {
		got, err := appendDecimal(nil, []byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-", "+", ".", "5.", "1,5", "1 000", " 1", "0x10", "1e", "1e400", "1e-400", "1e9999999999999999999", "NaN", "Infinity", "--1", "1.2.3", "1e1.5", "٣"} {
		if got, err := appendDecimal(nil, []byte(in)); err == nil {
			t.Errorf("%q gives %s", in, got)
		}
	}
}

func zeros(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = '0'
	}
	return string(text)
}

// FuzzDecimal compares with exact arithmetic: notation changes, the value never does.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"12.50", "1E+2", "-0.0", ".5e-3", "00012"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := appendDecimal(nil, []byte(in))
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(in)
		have, ok2 := new(big.Rat).SetString(string(got))
		if !ok || !ok2 || want.Cmp(have) != 0 {
			t.Errorf("%q gives %s", in, got)
		}
	})
}

func TestInstant(t *testing.T) {
	t.Parallel()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"2026-11-23T15:21:34Z": "2026-11-23T15:21:34Z", "2026-11-23T15:21:34+01:00": "2026-11-23T14:21:34Z", "2026-11-23T15:21:34.5-0930": "2026-11-24T00:51:34.5Z",
		"2026-11-23t15:21:34z": "2026-11-23T15:21:34Z", "2026-11-23 15:21:34": "2026-11-23T14:21:34Z", "2026-07-23T15:21:34.208894": "2026-07-23T13:21:34.208894Z",
		"2026-11-23T15:21": "2026-11-23T14:21:00Z", "2026-11-23 15:21:34.1234567891": "2026-11-23T14:21:34.123456789Z", "2024-02-29T00:00:00+00": "2024-02-29T00:00:00Z",
	} {
		got, err := parseInstant([]byte(in), vienna)
		if text := string(appendInstant(nil, got)); err != nil || text != want {
			t.Errorf("%s: %s, %v; want %s", in, text, err, want)
		}
	}
	for _, in := range []string{
		"", "2026-11-23", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T23:60:00Z",
		"2026-11-23T23:59:60Z", "2026-11-23T15:21:34.Z", "2026-11-23T15:21:34+24:00", "2026-11-23T15:21:34 Z", "2026-11-23T15:21:34ZZ", "20261123T152134Z", "23.11.2026 15:21", "/Date(1)/",
	} {
		if got, err := parseInstant([]byte(in), vienna); err == nil {
			t.Errorf("%q gives %s", in, got)
		}
	}
}

// FuzzInstant compares with the time package: what both read is the same, and what it writes is read.
func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2026-11-23T15:21:34Z", "2026-11-23T15:21:34.123+01:00", "2026-11-23 15:21:34"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		want, wantErr := time.Parse(time.RFC3339Nano, in) // which is more lenient: it reads T0:00
		got, err := parseInstant([]byte(in), time.UTC)
		canonical := wantErr == nil && want.Year() > 0 && want.Format(time.RFC3339Nano) == in
		if canonical && err != nil || err == nil && wantErr == nil && !got.Equal(want) {
			t.Errorf("%q: %s, %v; want %s", in, got, err, want)
		}
	})
}

func TestDatePart(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"2026-11-23": "2026-11-23", "2026-11-23T23:59:59-12:00": "2026-11-23", "2026-11-23 00:00:00": "2026-11-23"} {
		if got, err := datePart([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "2026-02-30", "0000-00-00", "20261123", "2026-11-23x", "2026-11-23T99:00:00", "11/23/2026"} {
		if got, err := datePart([]byte(in)); err == nil {
			t.Errorf("%q gives %s", in, got)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"PT4H30M": true, "P1Y2M3W4DT5H6M7.5S": true, "-PT1S": true, "P": false, "PT": false, "P1DT": false, "PT1.5H": false, "4h": false, "": false, "PT-1S": false} {
		if isDuration([]byte(in)) != want {
			t.Errorf("%s: want %v", in, want)
		}
	}
}

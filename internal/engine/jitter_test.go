package engine

import (
	"bytes"
	"testing"
	"time"
)

func TestJitterComesFromTheGivenRandomness(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		random []byte
		want   time.Duration
	}{
		"zero":      {[]byte{0, 0, 0, 0, 0, 0, 0, 0}, 0},
		"five":      {[]byte{0, 0, 0, 0, 0, 0, 0, 5}, 5},
		"at most":   {[]byte{0, 0, 0, 0, 0, 0, 0, 107}, 7},
		"exhausted": {[]byte{1}, 0},
	} {
		if got := jitter(bytes.NewReader(c.random), 100); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// life is how long something is good for, as people write it.
type life time.Duration

// UnmarshalText takes days (90d) besides what Go takes (12h, 1h30m).
func (l *life) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return errLife
		}
		*l = life(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return errLife
	}
	*l = life(d)
	return nil
}

var errLife = errors.New("write a time in days, hours or minutes: 90d, 12h, 30m")

package api

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// batchOptions are the options of a batch as far as its body was read.
type batchOptions struct{ BatchOptions }

var batchMembers = []string{"mode", "chunk_size", "chunk_delay", "on_error", "items"}

// set takes a member of the body.
func (o *batchOptions) set(name string, value jsontext.Value) error {
	at := "/" + cut(name)
	var err error
	switch name {
	case "mode":
		err = oneOf(at, value, &o.Mode, store.BestEffort, store.AllOrNone)
	case "on_error":
		err = oneOf(at, value, &o.OnError, store.OnErrorGo, store.OnErrorEnd)
	case "chunk_size":
		if jsonv2.Unmarshal(value, &o.ChunkSize) != nil || o.ChunkSize < 1 || o.ChunkSize > maxChunk {
			err = optionFault(at, problem.OutOfRange, fmt.Sprintf("A whole number from 1 to %d is wanted.", maxChunk))
		}
	case "chunk_delay":
		if jsonv2.Unmarshal(value, &o.ChunkDelay) != nil {
			err = optionFault(at, problem.Invalid, "A duration is wanted, such as \"PT2S\".")
		}
	default:
		err = optionFault(at, problem.Unknown, "A batch has no such member"+orMeant(name, batchMembers))
	}
	return err
}

func oneOf(at string, value jsontext.Value, into *string, words ...string) error {
	var text string
	if jsonv2.Unmarshal(value, &text) != nil || !slices.Contains(words, text) {
		return optionFault(at, problem.Invalid, "It is "+strings.Join(words, " or ")+".")
	}
	*into = text
	return nil
}

func optionFault(at string, code problem.Fault, detail string) error {
	p := problem.New(problem.ValidationFailed, problem.Summary([]problem.Item{{Pointer: at, Detail: detail}}))
	return p.At(at, code, detail)
}

// apply sets the options of a batch.
func (o *batchOptions) apply(r *write.BatchRequest) error {
	delay, ok := parseDelay(o.ChunkDelay)
	if !ok {
		return optionFault("/chunk_delay", problem.OutOfRange, "A duration from PT0S to "+maxChunkDelay+" is wanted, such as PT2S or PT1M30S.")
	}
	r.Mode, r.OnError, r.ChunkSize, r.ChunkDelay = o.Mode, o.OnError, o.ChunkSize, delay
	return nil
}

var delayText = regexp.MustCompile(`^PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7}(?:\.\d{1,6})?)S)?$`)

// parseDelay reads a duration of hours, minutes and seconds (ISO 8601).
func parseDelay(text string) (time.Duration, bool) {
	m := delayText.FindStringSubmatch(text)
	if m == nil || text == "PT" {
		return 0, false
	}
	var d time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		if m[i+1] != "" {
			n, err := strconv.ParseFloat(m[i+1], 64)
			if err != nil {
				return 0, false
			}
			d += time.Duration(n * float64(unit)).Round(time.Microsecond)
		}
	}
	return d, d <= time.Hour
}

// delayOf writes a duration as ISO 8601 does.
func delayOf(d time.Duration) string {
	if d == 0 {
		return "PT0S"
	}
	text := strings.ToUpper(d.String()) // 1H2M3.5S, or with a fraction: 1.5MS
	if d < time.Second {
		return "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
	}
	if strings.HasSuffix(text, "M0S") {
		text = strings.TrimSuffix(text, "0S")
	}
	if strings.HasSuffix(text, "H0M") {
		text = strings.TrimSuffix(text, "0M")
	}
	return "PT" + text
}

package mapping_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
)

// A mapping gives a record the id that everything else makes of its key.
func TestRemoteIDIsTheJoinedKey(t *testing.T) {
	s, _ := load(t, read(t, "testdata", "twoway.yaml"))
	e := s.Entity("vendors")
	paths := []manifest.Path{{"a"}, {"b"}, {"c"}}
	part := rapid.StringOfN(rapid.SampledFrom([]rune(`:\aä0 "`)), 1, 8, -1)
	for n := range paths {
		e.ID = paths[:n+1]
		m, err := mapping.Compile(s, e, nil)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			var key []string
			record := map[string]string{}
			for _, p := range e.ID {
				key = append(key, part.Draw(rt, p[0]))
				record[p[0]] = key[len(key)-1]
			}
			raw, err := json.Marshal(record)
			if err != nil {
				rt.Fatal(err)
			}
			if got, err := m.RemoteID(raw); err != nil || got != manifest.JoinID(key...) {
				rt.Fatalf("%s is %q, %v", raw, got, err)
			}
		})
	}
}

package mapping

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// rules is raised when this package begins to make something else of the same manifest and record.
const rules = 1

// Version names what the mapper makes of a record: two mappers of one version make the same. It differs when a manifest maps
// another way; comments, order of lines and how records are fetched do not count.
func (m *Mapper) Version() string { return m.version }

func versionOf(s *manifest.System, e *manifest.Entity) string {
	h := xxh3.New()
	_ = json.NewEncoder(h).Encode([]any{rules, s.Nulls, e.ID, e.DisplayID, e.DisplayName, e.CreatedAt, e.UpdatedAt, e.URL, e.History})
	writeFields(h, e.Fields)
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

// writeFields writes everything of the field maps that decides what they make.
func writeFields(w *xxh3.Hasher, fields []*manifest.FieldMap) {
	for _, f := range fields {
		fmt.Fprintf(w, "%s %s %s %q %q %q %q %q %q {", f.Field.Name, f.Field.Kind, f.Field.To, f.From, f.Const, f.Expr, f.Unit, f.ID, f.Values)
		for _, name := range slices.Sorted(maps.Keys(f.Parts)) {
			fmt.Fprintf(w, "%s %q %q,", name, f.Parts[name].From, f.Parts[name].Const)
		}
		writeFields(w, f.Fields)
		fmt.Fprint(w, "}")
	}
}

// VersionWith adds what the connection itself brings to the mapping.
func (m *Mapper) VersionWith(env Env) string {
	h := xxh3.New()
	fmt.Fprintf(h, "%s %s", m.version, env.Zone)
	for _, name := range slices.Sorted(maps.Keys(env.Public)) {
		if strings.Contains(m.entity.URL, name) {
			fmt.Fprintf(h, " %q=%q", name, env.Public[name])
		}
	}
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

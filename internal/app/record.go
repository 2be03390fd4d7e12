package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/trust"
)

// Record logs in to a system and takes the first records of each entity, through the connector's own reading: JSON lists by entity, as received but for the secrets of the login.
// The person who runs it says where it goes, so private addresses may be called.
func (p Program) Record(ctx context.Context, folder fs.FS, credentials map[string]string, most int) (map[string][]byte, error) {
	s, err := oneSystem(folder)
	if err != nil {
		return nil, err
	}
	client, err := dialDirectly(s, credentials, p.Now)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Probe(ctx); err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	login := secret.NewCredentials(credentials).Public(s.PublicFields()...)
	all := map[string][]byte{}
	for _, e := range s.Entities {
		page, err := client.Fetch(ctx, driver.Request{Entity: e, Limit: most})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Name, err)
		}
		if all[e.Name], err = recording(page.Records[:min(most, len(page.Records))], login); err != nil {
			return nil, fmt.Errorf("record %s: %w", e.Name, err)
		}
	}
	return all, nil
}

// recording writes records as a JSON list, without the secrets of a login in any text; numbers stay as they are written.
func recording(records [][]byte, login secret.Credentials) ([]byte, error) {
	list := []any{}
	for _, raw := range records {
		in := json.NewDecoder(bytes.NewReader(raw))
		in.UseNumber()
		var record any
		if err := in.Decode(&record); err != nil {
			return nil, err
		}
		list = append(list, withoutSecrets(record, login))
	}
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	to.SetIndent("", "  ")
	err := to.Encode(list)
	return bytes.TrimSpace(out.Bytes()), err
}

func withoutSecrets(value any, login secret.Credentials) any {
	switch v := value.(type) {
	case string:
		if hidden := login.Redact(v); hidden == "" || strings.Contains(hidden, "[redacted]") {
			return hidden
		}
	case []any:
		for i := range v {
			v[i] = withoutSecrets(v[i], login)
		}
	case map[string]any:
		for key := range v {
			v[key] = withoutSecrets(v[key], login)
		}
	}
	return value
}

// everywhere allows private addresses of both kinds.
func everywhere() []allow.Rule {
	return []allow.Rule{{Prefix: netip.MustParsePrefix("0.0.0.0/0")}, {Prefix: netip.MustParsePrefix("::/0")}}
}

// dialDirectly makes a client that belongs to no connection.
func dialDirectly(s *manifest.System, credentials map[string]string, now func() time.Time) (driver.Client, error) {
	guard := egress.New(egress.Options{Allow: everywhere()})
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return nil, err
	}
	calls := egress.ClientConfig{Trust: trust.Of(func(field string) string { return credentials[field] })}
	for _, d := range drivers() {
		if d.Name() == s.Driver {
			return d.Open(s, driver.Config{
				Credentials: secret.NewCredentials(credentials), HTTP: guard.Client(calls), Line: guard.Line(calls), Now: now, TimeZone: zone,
			})
		}
	}
	return nil, fmt.Errorf("there is no driver %s", s.Driver)
}

// replay maps the recordings of a connector, which lie in its folder as testdata/<entity>.json, and tells which records it cannot take.
func replay(folder fs.FS, p *parts, s *manifest.System) (manifest.Problems, error) {
	var problems manifest.Problems
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return nil, err
	}
	for _, e := range s.Entities {
		file := s.System + "/testdata/" + e.Name + ".json"
		text, err := fs.ReadFile(folder, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the recording: %w", err)
		}
		var records []json.RawMessage
		if err := json.Unmarshal(text, &records); err != nil {
			problems = append(problems, manifest.Problem{Pos: manifest.Pos{File: file, Line: 1, Column: 1}, Message: "is not a JSON list of records", Mend: "record anew: busbar connector record"})
			continue
		}
		for i, raw := range records {
			if _, err := p.mapper(s.System, e.Name).Map(raw, mapping.Env{Zone: zone}); err != nil {
				problems = append(problems, manifest.Problem{Pos: e.Pos, Path: "entities." + e.Name,
					Message: fmt.Sprintf("record %d of %s cannot be mapped: %v", i+1, file, err), Mend: "change the mapping of that field"})
			}
		}
	}
	return problems, nil
}

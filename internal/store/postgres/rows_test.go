package postgres_test

import (
	"reflect"
	"testing"
)

// A query gives the same values whether or not something goes out with it.
func TestValuesOfLateRows(t *testing.T) {
	t.Parallel()
	s := open(t, migrated(t))
	for _, value := range []string{
		"7::int2", "7::int4", "7::int8", "true", "'a'::text", "'a'::varchar", "'a'::name", `'\x0102'::bytea`, `''::bytea`, "1.5::float8", "1.25::numeric", "null::text", "null::int8",
		"'2026-11-29 20:00:00.000001+00'::timestamptz", "'2026-11-29 20:00:00'::timestamp", "'2026-11-29'::date", "'00000000-0000-0000-0000-000000000001'::uuid",
		`'{"a":1}'::json`, `'{"a": 1}'::jsonb`, "array['a','b c',null]::text[]", "array[]::text[]", "array[1,2]::int8[]", `array['\x01']::bytea[]`, "null::text[]", "now() - now()",
	} {
		tx, err := s.DB().BeginTx(t.Context(), nil)
		must(t, err)
		var late, plain any // the beginning goes out with the first
		must(t, tx.QueryRowContext(t.Context(), "select "+value).Scan(&late))
		must(t, tx.QueryRowContext(t.Context(), "select "+value).Scan(&plain))
		must(t, tx.Rollback())
		if !reflect.DeepEqual(late, plain) {
			t.Errorf("%s: %#v, and %#v by itself", value, late, plain)
		}
	}
}

// A statement that fails is told of before the commit, and nothing of its transaction is stored.
func TestLateErrors(t *testing.T) {
	t.Parallel()
	s := open(t, migrated(t))
	for name, ask := range map[string]string{"by the next query": "select 1", "by the commit": ""} {
		tx, err := s.DB().BeginTx(t.Context(), nil)
		must(t, err)
		_, first := tx.ExecContext(t.Context(), "insert into meta (key, value) values ($1, 'v')", name)
		_, second := tx.ExecContext(t.Context(), "insert into meta (key, value) values ($1, 'v')", name)
		must(t, first)
		must(t, second)
		if ask != "" {
			var n int64
			if err := tx.QueryRowContext(t.Context(), ask).Scan(&n); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if err := tx.Commit(); err == nil {
			t.Errorf("%s: it was committed", name)
		}
		if v, err := s.Meta(t.Context(), name); v != "" || err != nil {
			t.Errorf("%s: %q is stored (%v)", name, v, err)
		}
	}
	must(t, s.SetMeta(t.Context(), "k", "v")) // the connection is in order
}

package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/config"
)

func streamsTo(out, err *bytes.Buffer) Streams {
	return Streams{In: strings.NewReader(""), Out: out, Err: err, Now: func() time.Time { return time.Unix(0, 0) }}
}

func TestServeGetsItsSettings(t *testing.T) {
	t.Parallel()
	var got config.Serve
	var out, errs bytes.Buffer
	p := Programs{Serve: func(_ context.Context, c config.Serve) error { got = c; return nil }}
	code := Main(t.Context(), []string{"serve", "--listen", "127.0.0.1:1", "--allow", "10.0.0.0/8:443,[fd00::/8]:*", "--allow", "127.0.0.1/32:8000"}, streamsTo(&out, &errs), p)
	if code != ExitOK || got.Listen != "127.0.0.1:1" || got.Data != "./busbar-data" || len(got.Allow) != 3 || got.LogLevel != "info" {
		t.Errorf("exit code %d, settings %+v, said %q", code, got, errs.String())
	}
}

func TestAFailingServerSaysWhy(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	p := Programs{Serve: func(context.Context, config.Serve) error { return errors.New("the data directory is in use") }}
	if code := Main(t.Context(), []string{"serve"}, streamsTo(&out, &errs), p); code != ExitFailed || errs.String() != "busbar: the data directory is in use\n" {
		t.Errorf("exit code %d, said %q", code, errs.String())
	}
}

func TestHelpExitsWithoutError(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := Main(t.Context(), []string{"sync", "--help"}, streamsTo(&out, &errs), Programs{}); code != ExitOK || errs.Len() > 0 || !strings.Contains(out.String(), "sync start") {
		t.Errorf("exit code %d, printed %q and %q", code, out.String(), errs.String())
	}
}

func TestPanicsAreNotSwallowed(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a panic of the server ended in silence")
		}
	}()
	var out, errs bytes.Buffer
	Main(t.Context(), []string{"serve"}, streamsTo(&out, &errs), Programs{Serve: func(context.Context, config.Serve) error { panic("bug") }})
}

func TestACommandOfAGroupIsFoundWithoutIt(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"quarantine":   `did you mean "busbar sync quarantine"?`,
		"health c1":    `did you mean "busbar connection health"?`,
		"conection":    `did you mean "connection"?`,
		"sync helth":   `unexpected argument helth`,
		"tea --please": `unexpected argument tea`,
	} {
		if _, errs, code := busbar(t.Context(), strings.Fields(args)...); code != ExitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, said %q; want %q", args, code, errs, want)
		}
	}
}

package connection_test

import (
	"context"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// writes calls each method that changes or reads records one by one.
func writes(ctx context.Context, w driver.Writer) map[string]error {
	_, one := w.Write(ctx, driver.Command{})
	_, many := w.WriteMany(ctx, nil, false)
	_, read := w.ReadOne(ctx, nil, "7")
	_, found := w.Search(ctx, driver.Search{})
	return map[string]error{"Write": one, "WriteMany": many, "ReadOne": read, "Search": found}
}

// TestRefusedWritesAreNotDone: a write whose login was refused may be sent again, whatever the login comes to when it is confirmed.
func TestRefusedWritesAreNotDone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*system)
		want  driver.Kind
	}{
		"the password was changed":    {func(s *system) { s.accept = "another" }, driver.Credentials},
		"the login works, not writes": {func(s *system) { s.expired = true }, driver.Fault},
		"then nothing answers":        {func(s *system) { s.refuse, s.answer = 1, "html" }, driver.NotSystem},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"Write", "WriteMany"} {
				w := newWorld(t)
				client, _, err := w.Open(t.Context(), w.manual())
				if err != nil {
					t.Fatal(err)
				}
				test.spoil(w.system)
				before, _ := w.system.counted()
				writer := client.(driver.Writer)
				if method == "Write" {
					_, err = writer.Write(t.Context(), driver.Command{})
				} else {
					_, err = writer.WriteMany(t.Context(), nil, false)
				}
				if driver.KindOf(err) != test.want || driver.FateOf(err) != driver.NotSent {
					t.Errorf("%s: %v, whose fate is %s", method, err, driver.FateOf(err))
				}
				if after, _ := w.system.counted(); after-before != 1 {
					t.Errorf("%s: %d logins, want 1", method, after-before)
				}
			}
		})
	}
}

// TestALoginThatIsRefusedWritesNothing: once it is known, no call goes out.
func TestALoginThatIsRefusedWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, _, err := w.Open(t.Context(), w.manual())
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range writes(t.Context(), client.(driver.Writer)) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.system.set("", renewed)
	if _, err := client.Fetch(t.Context(), driver.Request{}); driver.KindOf(err) != driver.Credentials {
		t.Fatal(err)
	}
	logins, pages := w.system.counted()
	for name, err := range writes(t.Context(), client.(driver.Writer)) {
		if driver.KindOf(err) != driver.Credentials || driver.FateOf(err) != driver.NotSent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if l, p := w.system.counted(); l != logins || p != pages {
		t.Errorf("%d calls went out", l-logins+p-pages)
	}
}

func (c *acmeClient) Write(ctx context.Context, _ driver.Command) (driver.Written, error) {
	_, err := c.call(ctx, "/page")
	return driver.Written{}, err
}

func (c *acmeClient) WriteMany(ctx context.Context, _ []driver.Command, _ bool) ([]driver.Result, error) {
	_, err := c.call(ctx, "/page")
	return nil, err
}

func (c *acmeClient) ReadOne(ctx context.Context, _ *manifest.Entity, _ string) ([]byte, error) {
	_, err := c.call(ctx, "/page")
	return nil, err
}

func (c *acmeClient) Job(ctx context.Context, _ driver.Command, _ string) (driver.Job, error) {
	_, err := c.call(ctx, "/page")
	return driver.Job{}, err
}

func (c *acmeClient) Search(ctx context.Context, _ driver.Search) ([][]byte, error) {
	_, err := c.call(ctx, "/page")
	return nil, err
}

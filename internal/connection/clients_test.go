package connection

import (
	"fmt"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

type session struct {
	driver.Client
	open *int
}

func (s session) Close() error { *s.open--; return nil }

// However many connections there are, only so many sessions rest; those in use are not touched.
func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	k, open := newClients(), 0
	lease := func(i int) driver.Client {
		at := time.Unix(int64(i), 0)
		l, ended, err := k.lease(&store.Connection{ID: fmt.Sprint(i)}, at, func() (driver.Client, error) { open++; return session{open: &open}, nil })
		if err != nil || closeEach(ended) != nil {
			t.Fatal(err)
		}
		return l
	}
	first := lease(0)
	for i := 1; i < maxOpen+100; i++ {
		if err := lease(i).Close(); err != nil {
			t.Fatal(err)
		}
	}
	if open != maxOpen || k.open["0"] == nil || k.open["1"] != nil {
		t.Errorf("%d sessions, want %d, the one in use among them and the oldest gone", open, maxOpen)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := k.retireAll(); err != nil || open != 0 {
		t.Errorf("%d sessions left, %v", open, err)
	}
}

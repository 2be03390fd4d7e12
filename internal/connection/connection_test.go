package connection_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
)

func TestNewServiceNamesAllThatIsMissing(t *testing.T) {
	t.Parallel()
	const all = "make the connection service: not set in Config: Store, Keeper, Systems, Drivers, Client, ProbeClient, Line, Wait, Syncs, CheckSchedule, CheckHistory, Now, Rand, Log"
	if _, err := connection.NewService(connection.Config{}); err == nil || err.Error() != all {
		t.Errorf("error %v, want %s", err, all)
	}
	c := newWorld(t).Config
	c.Drivers, c.Rand = nil, nil
	if _, err := connection.NewService(c); err == nil || err.Error() != "make the connection service: not set in Config: Drivers, Rand" {
		t.Errorf("error %v, want Drivers and Rand named", err)
	}
}

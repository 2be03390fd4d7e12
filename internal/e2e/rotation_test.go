package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// Two replicas rotate the master key and all data keys while they sync. Each is killed on the way; every login opens all the time, and at the end nothing needs the old key.
func TestReplicasRotateKeysUnderLoad(t *testing.T) {
	t.Parallel()
	source := startSource(t, erp.Options{Counts: few()})
	f := startFleet(t, 2, postgres.Database(t), source.Addr())
	key := f.members[0].key()
	var all []connected
	for i := range size(20, 200) {
		all = append(all, connectSource(f.members[i%2], key, source, nil))
	}
	for i, path := range []string{"/v1/master-key/rotation", "/v1/master-key/data-rotation"} {
		f.members[0].call("POST", path, key, nil, http.StatusAccepted)
		victim, left := f.members[i], f.members[1-i]
		victim.kill()
		late := connectSource(left, key, source, nil) // sealed in the middle
		all = append(all, late)
		for _, c := range all[:5] {
			left.call("POST", "/v1/syncs", c.token, map[string]any{"mode": "full", "entities": []string{"vendors"}}, http.StatusAccepted)
		}
		victim.start()
		f.members[0].await("the end of "+path, func() bool {
			m := f.members[0].call("GET", "/v1/master-key", key, nil, http.StatusOK)
			return field1(m, []string{"rotation", "data_rotation"}[i]+".finished_at") != nil
		})
	}
	for i, c := range all {
		awaitIdle(f.members[i%2], c.token)
		run := f.members[(i+1)%2].syncAndWait(c.token, "full", "vendors")["vendors"]
		if run["state"] != "complete" {
			t.Errorf("a sync of %s after the rotation: %v", c.id, run)
		}
	}
	m := f.members[1].call("GET", "/v1/master-key", key, nil, http.StatusOK)
	if field1(m, "rotation.left") != float64(0) || field1(m, "rotation.to") != m["sealing"] {
		t.Errorf("at the end %v", m)
	}
	for _, b := range f.members {
		if said := b.log.String(); strings.Contains(said, "does not open") || strings.Contains(said, "unwrap the data key") {
			t.Errorf("%s could not open a login:\n%s", b.url, tail(said, 3000))
		}
	}
	if _, err := os.Stat(f.masterKey() + "." + text(field1(m, "rotation.from")) + ".old"); err != nil {
		t.Errorf("the old key is not kept: %v", err)
	}
}

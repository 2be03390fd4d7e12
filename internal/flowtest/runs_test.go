package flowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// apply applies a document under a name.
func (w *world) apply(name, document string, roles map[string]string, parameters object) {
	w.Helper()
	connections := map[string]string{}
	for role, system := range roles {
		connections[role] = w.ids[system]
	}
	status, answer := w.request("Authorization", "Bearer "+w.key, "PUT", w.web.URL+"/v1/flows/"+name, object{"document": document, "connections": connections, "parameters": parameters})
	if status != http.StatusCreated && status != http.StatusOK {
		w.Fatalf("apply %s: %d %v", name, status, answer)
	}
}

// example applies a flow of examples/flows.
func (w *world) example(name string, roles map[string]string, parameters object) {
	w.Helper()
	w.apply(name, document(w.T, name), roles, parameters)
}

// run begins a run and gives what it has come to.
func (w *world) run(name string, input any) string {
	w.Helper()
	begun := w.call(http.StatusAccepted, "POST", "/v1/flows/"+name+"/runs", object{"input": input})
	w.settle()
	r := w.read(name, begun["id"].(string))
	c := r.Counts
	return fmt.Sprintf("%s: in %d, ok %d, failed %d, skipped %d", r.State, c.In, c.OK, c.Failed, c.Skipped)
}

// flowRun is a run as the API shows it.
type flowRun struct {
	ID, State string
	Input     object
	Counts    struct{ In, OK, Failed, Skipped int64 }
}

// flowItem is an item of a run as the API shows it.
type flowItem struct {
	Step, Status, Waits string
	N                   int64
	Error               struct{ Detail string }
}

// into asks Busbar and reads the answer into a value.
func (w *world) into(path string, value any) {
	w.Helper()
	text, err := json.Marshal(w.call(http.StatusOK, "GET", path, nil))
	w.check(err)
	w.check(json.Unmarshal(text, value))
}

func (w *world) read(name, id string) (r flowRun) {
	w.Helper()
	w.into("/v1/flows/"+name+"/runs/"+id, &r)
	return r
}

// runs gives a flow's runs, newest first.
func (w *world) runs(name string) []flowRun {
	w.Helper()
	var page struct{ Data []flowRun }
	w.into("/v1/flows/"+name+"/runs?limit=100", &page)
	return page.Data
}

// newest gives a flow's newest run.
func (w *world) newest(name string) flowRun {
	w.Helper()
	runs := w.runs(name)
	if len(runs) == 0 {
		w.Fatalf("flow %s has no run", name)
	}
	return w.read(name, runs[0].ID)
}

// items gives what a run took in.
func (w *world) items(name, run string) []flowItem {
	w.Helper()
	var page struct{ Data []flowItem }
	w.into("/v1/flows/"+name+"/runs/"+run+"/items?limit=100", &page)
	return page.Data
}

// show logs what became of the items of every run of a flow.
func (w *world) show(name string) {
	w.Helper()
	for _, r := range w.runs(name) {
		w.Logf("%s %s %+v", r.ID, r.State, r.Counts)
		for _, it := range w.items(name, r.ID) {
			w.Logf("  %s %d %s %s, waits for %q", it.Step, it.N, it.Status, it.Error.Detail, it.Waits)
		}
	}
}

// failure tells in words why an item of the newest run failed.
func (w *world) failure(name string, n int64) string {
	w.Helper()
	for _, it := range w.items(name, w.newest(name).ID) {
		if it.Step != "-" && it.N == n {
			return it.Error.Detail
		}
	}
	return ""
}

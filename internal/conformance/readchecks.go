package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
)

const firstRead = "everything is read"

// checks is the whole suite, in order: what comes later builds on what was read first.
func checks() []check {
	return []check{
		{firstRead, nil, (*checking).readAll},
		{"a wrong login is refused", nil, (*checking).wrongLogins},
		{"nothing is in quarantine", nil, (*checking).quarantined},
		{"lists and gets agree", nil, (*checking).listsAndGets},
		{"every word is mapped", nil, (*checking).words},
		{"a second reading agrees", nil, (*checking).secondReading},
		{"a second run changes nothing", nil, (*checking).secondRun},
		{"small pages give the same", nil, (*checking).smallPages},
		{"resume from every checkpoint", nil, (*checking).resumes},
		{"there and back is the identity", nil, (*checking).thereAndBack},
		{"a bad record is explained", nil, (*checking).badRecords},
		{"odd texts pass through", nil, (*checking).oddTexts},
		{zonesHold, nil, (*checking).zones},
		{"memory stays constant", noMany, (*checking).memory},
		{"faults end as promised", noFaults, (*checking).faults},
		{"a stuck token is noticed", noProxy, (*checking).stuck},
		{"a login that is lost on the way", noProxy, (*checking).lostLogin},
		{"changes are found", noHands, (*checking).changes},
		{"changes between pages", noHands, (*checking).betweenPages},
		{"a late commit is found", noLate, (*checking).lateCommits},
		{"what is not declared is refused", nil, (*checking).undeclared},
		{"what is required is asked for", nil, (*checking).required},
		{"create", noWrites, (*checking).creates},
		{"update", noWrites, (*checking).updates},
		{"moves", noWrites, (*checking).moves},
		{"rules of state hold", nil, (*checking).stateRules},
		{"a lost answer doubles nothing", noLosses, (*checking).lostAnswers},
		{"delete", noWrites, (*checking).deletes},
		{"writes for many", noWrites, (*checking).many},
		{"no secret is kept", nil, (*checking).noSecret},
	}
}

func noProxy(s *suite) string {
	if s.proxy == nil {
		return "the system does not speak HTTP: its answers cannot be bent on the way"
	}
	return ""
}

func noFaults(s *suite) string {
	if s.cutter != nil {
		return ""
	}
	return noProxy(s)
}

func noHands(s *suite) string {
	if s.Hands == nil {
		return "the stand has no hands: nobody else changes records here"
	}
	return ""
}

func noLate(s *suite) string {
	if _, ok := s.Hands.(Committer); !ok {
		return "the stand has no hands that keep a transaction open"
	}
	return ""
}

func noMany(s *suite) string {
	for _, n := range s.counts {
		if n >= manyRows {
			return ""
		}
	}
	return "the system holds no 10,000 records of an entity"
}

func noWrites(s *suite) string {
	if !s.Writes {
		return "the stand allows no writes"
	}
	return ""
}

func noLosses(s *suite) string {
	if why := noWrites(s); why != "" {
		return why
	}
	return noProxy(s)
}

// readAll is the first sync.
func (c *checking) readAll() {
	b := c.newBench(c.ctx, nil)
	names := b.entities()
	b.begin(names)
	runs := b.runs()
	bad := incomplete(runs, names)
	if len(bad) > 0 {
		stopf("%s. Look at the entity's read: and at what the login may see", strings.Join(bad, "; "))
	}
	c.main = b
	for _, e := range names {
		c.counts[e] = len(b.list("/v1/"+e, nil))
		c.small[e] = max(2, min(500, (c.counts[e]+2)/3))
	}
	c.each(func(e string) {
		if c.counts[e] == 0 {
			c.notChecked(e, "the system holds none: nothing of its mapping was seen")
			return
		}
		c.seen[[2]string{e, "read"}] = true
	})
}

// secrets lists the fields of the login that are secret and given.
func (s *suite) secrets() (names []string) {
	for _, m := range s.connector.Auth {
		if s.AuthMethod != "" && m.Method != s.AuthMethod {
			continue
		}
		for _, f := range m.Fields {
			if f.Secret && s.Credentials[f.Name] != "" {
				names = append(names, f.Name)
			}
		}
		if s.AuthMethod == "" {
			break
		}
	}
	return names
}

// wrongLogins changes each secret in turn.
func (c *checking) wrongLogins() {
	names := c.secrets()
	if len(names) == 0 {
		c.notChecked("", "the login has no secret")
	}
	for _, name := range names {
		given := maps.Clone(c.login())
		given[name] = "wrong-" + given[name] + "-wrong"
		b := c.newBench(c.ctx, nil)
		r := b.connect(given, b.entities()[:1])
		switch {
		case r.status < 300:
			c.failed("", "a wrong %s is taken; let the probe make a call that needs the login", name)
		case strings.Contains(string(r.raw), c.Credentials[name]):
			c.failed("", "the refusal of a wrong %s shows the secret: keep it out of the driver's errors", name)
		case !refusesCredentials(r):
			c.failed("", "a wrong %s ends as %s; it is to be a refused login", name, r.problem())
		}
		b.close()
	}
}

// refusesCredentials tells whether an answer says of a field of the login that the system refuses it.
func refusesCredentials(r reply) bool {
	faults, _ := r.body["errors"].([]any)
	return slices.ContainsFunc(faults, func(f any) bool {
		one, _ := f.(map[string]any)
		return one["code"] == "credentials-refused"
	})
}

// quarantined looks for records that could not be mapped.
func (c *checking) quarantined() {
	runs := c.main.runs()
	c.each(func(e string) {
		expected := slices.Clone(c.Bad[e])
		for _, bad := range c.main.list("/v1/sync-runs/"+runs[e].text("id")+"/quarantine", nil) {
			id := bad.text("remote_id")
			if at := slices.Index(expected, id); at >= 0 {
				expected = slices.Delete(expected, at, at+1)
				continue
			}
			c.failed(e, "record %s is in quarantine: %s: %s", id, bad.text("pointer"), bad.text("reason"))
		}
		if len(expected) > 0 {
			c.failed(e, "records %s are to be in quarantine and are not", some(expected))
		}
	})
}

// listsAndGets holds each list against its records one by one: as many as make sense.
func (c *checking) listsAndGets() {
	c.each(func(e string) {
		seen := map[string]bool{}
		for i, r := range c.main.list("/v1/"+e, nil) {
			id := r.text("id")
			if seen[id] || seen[r.text("remote_id")] {
				c.failed(e, "record %s is there twice", r.text("remote_id"))
			}
			seen[id], seen[r.text("remote_id")] = true, true
			if i > 20 {
				continue
			}
			got := c.main.ask(c.main.token, "GET", "/v1/"+e+"/"+id, nil)
			if got.status != http.StatusOK || fmt.Sprint(got.body) != fmt.Sprint(r) {
				c.failed(e, "record %s is another one by its id: %d %s", r.text("remote_id"), got.status, clip(string(got.raw)))
				return
			}
		}
	})
}

// fetchAll reads an entity to its end with the driver itself.
func (c *checking) fetchAll(client driver.Client, e string, limit int) (records [][]byte, total int64, pages int) {
	r := driver.Request{Entity: c.connector.Entity(e), Limit: limit}
	total = -1
	most := 50 + 10*(c.counts[e]+1)
	for {
		page, err := client.Fetch(c.ctx, r)
		if err != nil {
			stopf("%v", err)
		}
		pages++
		records = append(records, page.Records...)
		if page.Total >= 0 {
			total = page.Total
		}
		if page.Next == nil {
			return records, total, pages
		}
		if pages > most {
			stopf("%d pages and no end: %d records were stored", pages, c.counts[e])
		}
		r.Token = page.Next
	}
}

// ids gives the remote ids of records, each once, in order.
func (c *checking) ids(e string, records [][]byte) []string {
	m := c.connector.Mappers[e]
	set := map[string]bool{}
	for _, raw := range records {
		id, err := m.RemoteID(raw)
		if err != nil {
			continue // it is in quarantine
		}
		set[id] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// direct is the driver's own client, past Busbar's engine and store.
func (s *suite) direct() driver.Client {
	conn, err := s.main.app.Store.ConnectionForWork(s.ctx, s.main.id)
	must(err)
	client, _, err := s.main.app.Connections.Open(s.ctx, conn)
	must(err)
	return client
}

// stored gives the remote ids that Busbar holds.
func (b *bench) stored(e string) []string {
	var ids []string
	for _, r := range b.list("/v1/"+e, nil) {
		ids = append(ids, r.text("remote_id"))
	}
	sort.Strings(ids)
	return ids
}

// secondReading holds what Busbar stored against what the driver reads, and the system counts.
func (c *checking) secondReading() {
	client := c.direct()
	defer func() { _ = client.Close() }()
	c.each(func(e string) {
		records, total, _ := c.fetchAll(client, e, c.connector.Entity(e).PageSize)
		c.raws[e] = records
		read := c.ids(e, records)
		if lost := missing(read, c.main.stored(e)); len(lost) > 0 {
			c.failed(e, "the system has %s, which Busbar does not hold", some(lost))
		}
		if extra := missing(c.main.stored(e), read); len(extra) > 0 {
			c.failed(e, "Busbar holds %s, which the system does not give a second time", some(extra))
		}
		if total >= 0 && total != int64(len(read)) && len(c.Bad[e]) == 0 {
			c.failed(e, "the system counts %d and gives %d: what total: leads to is not the count of what is asked for, or pages are lost", total, len(read))
		}
	})
}

// missing lists what is in all and not in some.
func missing(all, some []string) (out []string) {
	has := map[string]bool{}
	for _, s := range some {
		has[s] = true
	}
	for _, a := range all {
		if !has[a] {
			out = append(out, a)
		}
	}
	return out
}

// secondRun reads everything again, incrementally and in full; nothing has changed.
func (c *checking) secondRun() {
	names := c.main.entities()
	for _, mode := range []string{"incremental", "full"} {
		before := c.main.newest()
		runs := c.main.sync(mode, names)
		for _, why := range incomplete(runs, names) {
			c.failed("", "%s run: %s", mode, why)
		}
		for _, e := range names {
			if n := changed(runs[e]); n != "" && c.main.newest()[e] != before[e] {
				c.failed(e, "nothing changed in the system, and a second %s run finds %s. A member that differs from read to read belongs into volatile", mode, n)
			}
		}
	}
}

// newest gives the number of the newest change of each entity, as text.
func (b *bench) newest() map[string]string {
	out := map[string]string{}
	for _, e := range b.entities() {
		last := ""
		for _, r := range b.list("/v1/"+e, url.Values{"include": {"deleted"}}) {
			last = max(last, r.text("updated_at"))
		}
		out[e] = last
	}
	return out
}

// changed says what a run stored, "" for nothing.
func changed(run object) string {
	counts, _ := run["counts"].(map[string]any)
	var parts []string
	for _, name := range []string{"created", "updated", "deleted"} {
		if n := fmt.Sprint(counts[name]); n != "0" && n != "<nil>" {
			parts = append(parts, n+" "+name)
		}
	}
	return strings.Join(parts, ", ")
}

// image gives every record of an entity as the model has it, by remote id.
func (b *bench) image(e string) map[string]string {
	out := map[string]string{}
	for _, r := range b.list("/v1/"+e, nil) {
		id := r.text("remote_id")
		for _, own := range []string{"id", "created_at", "updated_at", "connection_id", "seq", "version"} {
			delete(r, own)
		}
		out[id] = b.portable(r)
	}
	return out
}

// portable writes a record in which ids of records of this connection are those of the system.
func (b *bench) portable(r object) string { return fmt.Sprint(withoutIDs(r)) }

// withoutIDs leaves out the members that are ids of Busbar's own, which differ from connection to connection.
func withoutIDs(v any) any {
	switch v := v.(type) {
	case object:
		return withoutIDs(map[string]any(v))
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			if name == "id" || strings.HasSuffix(name, "_id") && name != "remote_id" || strings.HasSuffix(name, "_ids") {
				continue
			}
			out[name] = withoutIDs(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withoutIDs(v[i])
		}
		return out
	}
	return v
}

// differs says in what two images are not the same; "" when they are.
func differs(want, got map[string]string) string {
	wants, gots := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))
	if lost := missing(wants, gots); len(lost) > 0 {
		return "lacks " + some(lost)
	}
	if extra := missing(gots, wants); len(extra) > 0 {
		return "holds " + some(extra) + " besides"
	}
	for _, id := range wants {
		if want[id] != got[id] {
			return fmt.Sprintf("has %s otherwise: %s", id, firstDifference(want[id], got[id]))
		}
	}
	return ""
}

func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	from := max(0, i-30)
	return fmt.Sprintf("%q instead of %q", b[from:min(len(b), i+40)], a[from:min(len(a), i+40)])
}

// same holds a Busbar's records against those of the first reading.
func (c *checking) same(b *bench, e, what string) {
	if d := differs(c.main.image(e), b.image(e)); d != "" {
		c.failed(e, "%s: what is stored %s", what, d)
	}
}

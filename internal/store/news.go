package store

import "slices"

// Thing is a kind of what people look at, by the name that it has at the API.
type Thing string

// The things.
const (
	ThingConnections Thing = "connections" // their states, names, settings and health
	ThingSyncs       Thing = "syncs"       // schedules and where streams stand
	ThingSyncRuns    Thing = "sync-runs"   // also what they left in quarantine or held back
	ThingRecords     Thing = "records"
	ThingOperations  Thing = "operations" // and their items
	ThingTokens      Thing = "tokens"
	ThingFlows       Thing = "flows"
	ThingFlowRuns    Thing = "flow-runs" // and their items
	ThingMembers     Thing = "members"   // and invitations
	ThingKeys        Thing = "keys"
	ThingLinks       Thing = "links"
	ThingAudit       Thing = "audit"

	// Everything says that some news may have been missed.
	Everything Thing = "everything"
)

// Things lists all.
func Things() []Thing {
	return []Thing{
		ThingConnections, ThingSyncs, ThingSyncRuns, ThingRecords, ThingOperations, ThingTokens, ThingFlows, ThingFlowRuns, ThingLinks, ThingMembers, ThingKeys, ThingAudit, Everything,
	}
}

// Private says that only those see it who run the project.
func (t Thing) Private() bool { return t == ThingMembers || t == ThingKeys || t == ThingAudit }

// Changed says that things of one kind have changed, and nothing of what they are: of one connection, or of a project as a whole.
type Changed struct {
	Thing      Thing
	Project    string // empty: that of the connection, or of Everything all
	Connection string // id
}

// changed notes what the transaction changes of a connection; it is told when it is stored.
func (t *Tx) changed(thing Thing, sc Scope) { t.tell(Changed{Thing: thing, Connection: sc.id}) }

// changedRuns notes a step of a run: its stream shows it too.
func (t *Tx) changedRuns(sc Scope) {
	t.changed(ThingSyncRuns, sc)
	t.changed(ThingSyncs, sc)
}

// changedIn notes what the transaction changes of a project.
func (t *Tx) changedIn(thing Thing, project string) { t.tell(Changed{Thing: thing, Project: project}) }

func (t *Tx) tell(c Changed) {
	if !slices.Contains(t.news, c) {
		t.news = append(t.news, c)
	}
}

// Follower hears what changes in one project. It keeps each piece of news once until it is taken, so that a slow one is behind by no more than that.
type Follower struct {
	of      *news
	project string
	missed  map[Changed]bool
	wake    chan struct{}
}

// Follow begins to hear what changes in a project: all that is stored from now on. Close ends it.
func (s *Store) Follow(project string) *Follower {
	f := &Follower{of: s.news, project: project, missed: map[Changed]bool{}, wake: make(chan struct{}, 1)}
	s.news.add(f)
	return f
}

// News has a value when there is something to take.
func (f *Follower) News() <-chan struct{} { return f.wake }

// Take gives what has changed since the last time, in any order.
func (f *Follower) Take() []Changed {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	out := make([]Changed, 0, len(f.missed))
	for c := range f.missed {
		out = append(out, c)
	}
	clear(f.missed)
	return out
}

// Close ends it. Safe to call twice.
func (f *Follower) Close() { f.of.remove(f) }

// hear is called under the lock.
func (f *Follower) hear(c Changed) {
	if f.missed[c] || f.missed[everything] {
		return
	}
	if f.missed[c] = true; c == everything || len(f.missed) > mostNews {
		clear(f.missed)
		f.missed[everything] = true
	}
	signal(f.wake)
}

func signal(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

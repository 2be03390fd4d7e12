package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Application is a document and what it leaves open.
type Application struct {
	Name        string // in place of the document's: one document may be applied under many names; empty: the document's
	Document    string
	Format      string // yaml | json
	Connections map[string]string
	Parameters  map[string]json.RawMessage // secret ones too; those of the flow that are not named stay
	By          string                     // id of the key or member
	Version     int64                      // of which the document is a change; 0: whichever is the newest
	NewHook     bool                       // also of a flow that has an address for its webhook
}

// Applied is what became of an application.
type Applied struct {
	Flow    *store.Flow
	Made    bool   // there was none of this name
	Changed bool   // the document became a new version
	HookURL string // of a flow with a webhook that had none: its secret path, shown once
	Signing string // what signs calls of it, shown once
}

// Check says everything that is wrong with a document; nil: nothing. connections are ids by role, as far as they are known.
func (s *Service) Check(ctx context.Context, project, file, document string, connections map[string]string) (*lang.Flow, error) {
	f, err := lang.Parse(file, []byte(document))
	if err != nil {
		return nil, err
	}
	if err := s.checkAround(ctx, project, f, connections); err != nil {
		return nil, err
	}
	return f, nil
}

// Apply makes a flow of a document, or its newest version. The error is a *problem.Error or the document's problems where it cannot be.
func (s *Service) Apply(ctx context.Context, project string, a Application) (*Applied, error) {
	doc, err := s.Check(ctx, project, "flow."+a.Format, a.Document, a.Connections)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		n, old, err := s.newFlow(ctx, project, doc, a)
		if err != nil {
			return nil, err
		}
		out, err := s.put(ctx, doc, a, n, old)
		switch {
		case err == nil:
			return out, nil
		case !errors.Is(err, errChanged) || try == maxTries:
			return nil, fmt.Errorf("apply flow %s: %w", n.Name, err)
		}
	}
}

// maxTries is how often an application is made anew because somebody else was first.
const maxTries = 5

// errChanged says that the flow is not as it was when the application was made.
var errChanged = errors.New("the flow was changed meanwhile")

// put stores an application to a flow that is as it was when it was made. Where that changes nothing, nothing is noted.
func (s *Service) put(ctx context.Context, doc *lang.Flow, a Application, n *newFlow, old *store.Flow) (*Applied, error) {
	out := &Applied{}
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		*out = Applied{Made: old == nil}
		if err := unchanged(ctx, tx, old); err != nil {
			return err
		}
		if a.Version != 0 && (old == nil || old.Version != a.Version) {
			return notTheNewest(old)
		}
		if n.Sealed, err = s.seal(ctx, tx, n.ProjectID, n.ID, n.secrets); err != nil {
			return err
		}
		if out.Flow, err = tx.PutFlow(ctx, n.NewFlow, s.Now()); err != nil {
			return err
		}
		if out.Flow.ID != n.ID { // somebody else has made one of this name
			return errChanged
		}
		out.Changed = out.Made || old.Version != out.Flow.Version
		if err := s.arm(ctx, out, doc, old, a.NewHook); err != nil {
			return err
		}
		if err := tx.SetFlow(ctx, out.Flow); err != nil {
			return err
		}
		if err := tx.UnqueueFlowRuns(ctx, out.Flow.ID, doc.Runs.AtOnce, s.Now()); err != nil { // it may be more than before
			return err
		}
		fields := changedFields(old, out)
		if len(fields) == 0 && len(a.Parameters) == 0 && !a.NewHook {
			return nil
		}
		return audit.Note(ctx, tx, audit.Act{Action: "flow.applied", Target: "flow", TargetID: out.Flow.ID, Fields: fields})
	})
	return out, err
}

func unchanged(ctx context.Context, tx *store.Tx, old *store.Flow) error {
	if old == nil {
		return nil
	}
	now, err := tx.LockFlow(ctx, old.ID)
	if errors.Is(err, store.ErrNotFound) {
		return errChanged
	}
	if err == nil && (now.Version != old.Version || !bytes.Equal(now.Settings, old.Settings) || !bytes.Equal(now.Sealed, old.Sealed)) {
		return errChanged
	}
	return err
}

// notTheNewest refuses a change of a version that is not the newest any more; nil: there is none.
func notTheNewest(f *store.Flow) error {
	if f == nil {
		return problem.New(problem.VersionMismatch, "There is no flow of this name any more. Leave If-Match out to make it.")
	}
	return problem.Newf(problem.VersionMismatch, "The flow has version %d now. Read it, and decide by what it says.", f.Version).With("current_version", fmt.Sprint(f.Version))
}

func changedFields(old *store.Flow, now *Applied) (fields []string) {
	if now.Changed {
		fields = append(fields, "document")
	}
	if old == nil || string(old.Settings) != string(now.Flow.Settings) {
		fields = append(fields, "settings")
	}
	return fields
}

// newFlow is a flow on its way into the store.
type newFlow struct {
	store.NewFlow
	secrets map[string]string
}

func (s *Service) newFlow(ctx context.Context, project string, doc *lang.Flow, a Application) (n *newFlow, old *store.Flow, err error) {
	id, err := uuid.NewV7FromReader(s.Rand)
	if err != nil {
		return nil, nil, fmt.Errorf("make an id: %w", err)
	}
	n = &newFlow{NewFlow: store.NewFlow{ID: id.String(), ProjectID: project, Name: a.Name, Title: doc.Title, Document: a.Document, Format: a.Format, By: a.By, TriggerKind: doc.Trigger.Kind}}
	if n.Name == "" {
		n.Name = doc.Name
	}
	if !lang.IsName(n.Name) {
		return nil, nil, problem.New(problem.ValidationFailed, "The name cannot be; see errors.").At("/name", problem.Invalid, "It is no name: "+lang.NameHint+".")
	}
	old, err = s.Store.Flow(ctx, project, n.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, nil, err
	}
	if errors.Is(err, store.ErrNotFound) {
		old = nil
	}
	set, secrets, err := s.settled(ctx, old, doc, a)
	if err != nil {
		return nil, nil, err
	}
	if old != nil {
		n.ID = old.ID
	}
	if n.Settings, err = json.Marshal(set); err != nil {
		return nil, nil, fmt.Errorf("write settings: %w", err)
	}
	n.secrets = secrets
	n.Roles, err = s.roles(ctx, project, doc, set.Connections)
	return n, old, err
}

// settled gives the settings that a flow has then: what is not named stays as it was.
func (s *Service) settled(ctx context.Context, old *store.Flow, doc *lang.Flow, a Application) (set Settings, secrets map[string]string, err error) {
	secrets = map[string]string{}
	if old != nil {
		if set, err = SettingsOf(old.Settings); err != nil {
			return set, nil, err
		}
		known, err := s.open(ctx, old, old.Sealed)
		if err != nil {
			return set, nil, err
		}
		for _, name := range known.Names() {
			secrets[name] = known.Get(name)
		}
	}
	set.Connections, set.Parameters = merged(set.Connections, a.Connections), merged(set.Parameters, a.Parameters)
	if secrets, err = takeSecrets(doc, &set, secrets); err != nil {
		return set, nil, err
	}
	set.unset()
	forget(doc, &set, a)
	return set, secrets, set.check(doc, secret.NewCredentials(secrets))
}

// takeSecrets moves the values of secret parameters out of the settings.
func takeSecrets(doc *lang.Flow, set *Settings, known map[string]string) (map[string]string, error) {
	secrets := map[string]string{}
	for _, p := range doc.Parameters {
		if p.Type != lang.Secret {
			continue
		}
		if text, ok := known[p.Name]; ok {
			secrets[p.Name] = text
		}
		text, ok := set.Parameters[p.Name]
		if !ok {
			continue
		}
		if isNull(text) { // it is unset
			delete(secrets, p.Name)
			continue
		}
		var value string
		if json.Unmarshal(text, &value) != nil || value == "" {
			return nil, problem.New(problem.ValidationFailed, "A secret parameter is no text; see errors.").At("/parameters/"+p.Name, problem.Invalid, "It must be a text.")
		}
		secrets[p.Name] = value
		delete(set.Parameters, p.Name)
	}
	return secrets, nil
}

// forget drops what an earlier version named and this one does not, unless the application names it: that is a mistake to be told.
func forget(doc *lang.Flow, set *Settings, a Application) {
	for role := range set.Connections {
		if _, named := a.Connections[role]; !named && doc.Role(role) == nil {
			delete(set.Connections, role)
		}
	}
	for name := range set.Parameters {
		if _, named := a.Parameters[name]; !named && parameterOf(doc, name) == nil {
			delete(set.Parameters, name)
		}
	}
}

// roles gives the scopes of the connections by role.
func (s *Service) roles(ctx context.Context, project string, doc *lang.Flow, ids map[string]string) (map[string]store.Scope, error) {
	out := map[string]store.Scope{}
	for _, role := range doc.Connections {
		c, err := s.Store.Connection(ctx, project, ids[role.Name])
		if errors.Is(err, store.ErrNotFound) {
			return nil, problem.New(problem.ValidationFailed, "A connection is not there; see errors.").At("/connections/"+role.Name, problem.Unknown, fmt.Sprintf("There is no connection %q in your project.", ids[role.Name]))
		}
		if err != nil {
			return nil, fmt.Errorf("read connection %s: %w", role.Name, err)
		}
		if role.System != "" && role.System != c.System {
			return nil, problem.New(problem.ValidationFailed, "A connection is of another system; see errors.").At("/connections/"+role.Name, problem.Invalid, fmt.Sprintf("It must be of %s, and %s is of %s.", role.System, c.Name, c.System))
		}
		out[role.Name] = c.Scope()
	}
	return out, nil
}

func (s *Service) scopes(ctx context.Context, project string, doc *lang.Flow, ids map[string]string) ([]store.Scope, error) {
	byRole, err := s.roles(ctx, project, doc, ids)
	if err != nil {
		return nil, err
	}
	var all []store.Scope
	for _, sc := range byRole {
		if !slices.Contains(all, sc) { // one connection may have several roles
			all = append(all, sc)
		}
	}
	slices.SortFunc(all, store.Scope.Compare)
	return all, nil
}

// arm sets when the trigger is looked at and where it begins to follow a stream, and makes the secrets of a webhook that has none.
func (s *Service) arm(ctx context.Context, a *Applied, doc *lang.Flow, old *store.Flow, newHook bool) (err error) {
	f, t := a.Flow, doc.Trigger
	same, err := s.sameSchedule(ctx, old, t.Schedule)
	if err != nil {
		return err
	}
	switch {
	case same && !f.DueAt.IsZero():
	case t.Change != nil:
		err = errors.Join(s.due(f, doc), s.beginToFollow(ctx, f, t.Change))
	default:
		err = s.due(f, doc)
	}
	if err != nil {
		return err
	}
	if t.Webhook == nil && newHook {
		return problem.New(problem.ValidationFailed, "The flow has no webhook; see errors.").At("/new_webhook", problem.Invalid, fmt.Sprintf("Its trigger is %s. Leave it out, or write a trigger `webhook`.", t.Kind))
	}
	if t.Webhook == nil {
		f.HookHash, f.HookSealed = nil, nil
		return nil
	}
	if signed := t.Webhook.Signature != lang.Unsigned; f.HookHash != nil && signed == (f.HookSealed != nil) && !newHook {
		return nil
	}
	return s.newHook(a, t.Webhook)
}

// sameSchedule says that a flow had this schedule before: its next time stays as it is.
func (s *Service) sameSchedule(ctx context.Context, old *store.Flow, now *lang.ScheduleTrigger) (bool, error) {
	if old == nil || now == nil {
		return false, nil
	}
	p, err := s.program(ctx, old.ID, old.Version)
	if err != nil {
		return false, nil // a document that this program does not read any more has no say
	}
	before := p.Flow().Trigger.Schedule
	return before != nil && *before == *now, nil
}

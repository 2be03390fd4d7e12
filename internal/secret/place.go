package secret

import "fmt"

// Place is where a sealed value is stored. It is bound to the value: moved elsewhere, the value does not open. Of Connection and Project one is set, the one whose data key seals;
// neither, where the deployment's own key does.
type Place struct {
	Table, Column, Row, Connection string
	Project                        string
}

// owner is whose data key seals there.
func (p Place) owner() Owner { return Owner{Connection: p.Connection, Project: p.Project} }

// Owner is who a data key belongs to: a connection or a project.
type Owner struct{ Connection, Project string }

// place is where a data key is stored.
func (o Owner) place() Place {
	if o.Project != "" {
		return Place{Table: "projects", Column: "data_key", Row: o.Project, Connection: o.Connection, Project: o.Project}
	}
	return Place{Table: "connections", Column: "data_key", Row: o.Connection, Connection: o.Connection}
}

// SealOwn hides a value that belongs to no data key, bound to its place (where neither Connection nor Project is set). Its key follows from the deployment's and the place. It outlives every rotation, so
// it is for what lives for hours: what a login under way has to remember.
func (k *Keeper) SealOwn(p Place, plaintext []byte) (sealed []byte, err error) {
	b, err := k.ownBox(p)
	if err != nil {
		return nil, err
	}
	return b.seal(p, plaintext)
}

// OpenOwn gives back what SealOwn hid at that place. ErrNotOpened.
func (k *Keeper) OpenOwn(p Place, sealed []byte) (plaintext []byte, err error) {
	b, err := k.ownBox(p)
	if err != nil {
		return nil, err
	}
	return b.open(p, sealed)
}

func (k *Keeper) ownBox(p Place) (*box, error) {
	raw, err := derive(k.own(), fmt.Sprintf("own value %q %q %q", p.Table, p.Column, p.Row), idSize+keySize)
	if err != nil {
		return nil, err
	}
	return newBox(raw[:idSize], raw[idSize:])
}

// SealValues hides named values with the data key of the place's owner.
func (k *Keeper) SealValues(wrapped []byte, p Place, values map[string]string) (sealed []byte, err error) {
	return k.sealValues(wrapped, p, values)
}

// OpenValues gives back what SealValues hid at that place. ErrNotOpened.
func (k *Keeper) OpenValues(wrapped []byte, p Place, sealed []byte) (Credentials, error) {
	return k.openValues(wrapped, p, sealed)
}

// SettingsPlace is where the secrets among a project's settings are kept.
func SettingsPlace(project string) Place {
	return Place{Table: "projects", Column: "sealed", Row: project, Project: project}
}

// AppPlace is where what a project's own registration with a system's login server holds is kept.
func AppPlace(project, system, method string) Place {
	return Place{Table: "project_apps", Column: "sealed", Row: system + " " + method, Project: project}
}

// FlowPlace is where the secret parameters of a flow and of its runs stand.
func FlowPlace(project, flow string) Place {
	return Place{Table: "flows", Column: "sealed", Row: flow, Project: project}
}

// HookPlace is where what signs calls of a flow's webhook is kept, for SealOwn.
func HookPlace(flow string) Place { return Place{Table: "flows", Column: "hook_sealed", Row: flow} }

// FormPlace is what secrets that were typed into the form of a link are bound to on their way from page to page, for SealOwn.
func FormPlace(link string) Place { return Place{Table: "link_sessions", Column: "form", Row: link} }

// AttemptPlace is where a login under way is remembered, for SealOwn; state is the keyed hash of its state.
func AttemptPlace(state []byte) Place {
	return Place{Table: "login_attempts", Column: "sealed", Row: fmt.Sprintf("%x", state)}
}

package manifest

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

type entityForm struct {
	Read        yaml.Node               `yaml:"read" manifest:"required"`
	ID          paths                   `yaml:"id" manifest:"required"`
	DisplayID   Path                    `yaml:"display_id"`
	DisplayName Path                    `yaml:"display_name"`
	CreatedAt   Path                    `yaml:"created_at"`
	UpdatedAt   paths                   `yaml:"updated_at"`
	URL         string                  `yaml:"url"`
	Cursor      *cursorForm             `yaml:"cursor"`
	History     Path                    `yaml:"history"`
	Hot         *hotForm                `yaml:"hot"`
	Deletions   string                  `yaml:"deletions" words:"sweep,none"`
	PageSize    *int                    `yaml:"page_size"`
	Volatile    []Path                  `yaml:"volatile"`
	Fields      yaml.Node               `yaml:"fields" manifest:"required"`
	Lists       string                  `yaml:"lists" words:"replace,changes"`
	ReadOnly    []string                `yaml:"read_only"`
	Picklists   map[string]picklistForm `yaml:"picklists"`
	Moves       []moveForm              `yaml:"moves"`
	Operations  operationsForm          `yaml:"operations"`
	Needs       string                  `yaml:"needs"`
	Evidence    map[string]string       `yaml:"evidence" manifest:"required"`
}

type cursorForm struct {
	Precision *time.Duration `yaml:"precision" manifest:"required"`
	Lookback  *time.Duration `yaml:"lookback"`
}

type hotForm struct {
	Every *time.Duration `yaml:"every" manifest:"required"`
	Read  yaml.Node      `yaml:"read" manifest:"required"`
}

const (
	leastHot        = time.Minute
	defaultLookback = 15 * time.Minute
	defaultPageSize = 500
)

// entityBuilder makes one entity; path is its place in the manifest.
type entityBuilder struct {
	*builder
	entity *Entity
	path   []string
}

func (b *builder) entities(n *yaml.Node) {
	if n.Kind == 0 {
		return
	}
	b.Members(n, "entities", func(key, value *yaml.Node) {
		m := b.model.Entity(key.Value)
		if m == nil {
			b.Report(key, "entities."+key.Value, "the model has no such entity", suggest(key.Value, b.model.Names()))
			return
		}
		e := &Entity{Name: m.Name, Model: m, Pos: Pos{File: b.File, Line: key.Line, Column: key.Column}}
		b.system.Entities = append(b.system.Entities, e)
		(&entityBuilder{b, e, []string{"entities", m.Name}}).build(value)
	})
	b.picklistSources()
	b.system.Entities = syncOrder(b.system.Entities)
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		b.problem("maps no entity", "map at least one", "entities")
	}
}

// wrong reports the value at a place within the entity.
func (b *entityBuilder) wrong(message, mend string, at ...string) {
	b.problem(message, mend, append(slices.Clone(b.path), at...)...)
}

func (b *entityBuilder) build(n *yaml.Node) {
	var f entityForm
	at := strings.Join(b.path, ".")
	b.Value(n, reflect.ValueOf(&f).Elem(), at)
	e := b.entity
	e.Read = b.options(&f.Read, at+".read")
	e.ID, e.DisplayID, e.DisplayName, e.CreatedAt, e.UpdatedAt = f.ID, f.DisplayID, f.DisplayName, f.CreatedAt, f.UpdatedAt
	e.URL, e.History, e.Volatile, e.Evidence = f.URL, f.History.String(), f.Volatile, f.Evidence
	if e.Needs = strings.TrimSpace(f.Needs); strings.ContainsAny(e.Needs, "\n\r") {
		b.wrong("it is shown to people in one line", "write what the administrator gives, on one line: the group Purchase", "needs")
	}
	b.reading(f)
	b.hot(f.Hot)
	b.link()
	if f.Fields.Kind != 0 {
		e.Fields = b.fields(e.Model.Fields, &f.Fields, scope{path: append(slices.Clone(b.path), "fields")})
	}
	b.ownPaths()
	b.writes(f)
	b.evidence()
}

func (b *entityBuilder) reading(f entityForm) {
	e := b.entity
	e.Deletions, e.PageSize = f.Deletions, defaultPageSize
	if f.PageSize != nil {
		e.PageSize = *f.PageSize
	}
	if e.PageSize < 1 {
		b.wrong("a page holds at least one record", "write a number from 1", "page_size")
	}
	if e.Deletions == "" {
		e.Deletions = "sweep"
	}
	if f.Cursor != nil {
		b.cursor(f.Cursor)
	} else if len(f.History) > 0 {
		b.wrong("a period needs a cursor: what leaves the period is found by its change", "write cursor: {precision: ...}, or leave out history", "history")
	}
}

func (b *entityBuilder) cursor(f *cursorForm) {
	c := &Cursor{Lookback: defaultLookback}
	if f.Lookback != nil {
		c.Lookback = *f.Lookback
	}
	b.entity.Cursor = c
	if f.Precision != nil {
		c.Precision = *f.Precision
		if c.Precision <= 0 {
			b.wrong("is not positive", "write the resolution of the source's stamps, such as 1s", "cursor", "precision")
		}
	}
	if c.Lookback < 0 {
		b.wrong("is negative", "write 0s or more", "cursor", "lookback")
	}
	if len(b.entity.UpdatedAt) == 0 {
		b.wrong("a cursor needs the time of the last change", "add updated_at", "cursor")
	}
}

func (b *entityBuilder) hot(f *hotForm) {
	if f == nil {
		return
	}
	h := &Hot{Read: b.options(&f.Read, strings.Join(b.path, ".")+".hot.read")}
	b.entity.Hot = h
	if f.Every != nil {
		h.Every = *f.Every
		if h.Every < leastHot {
			b.wrong("is too often", "write 1m or more", "hot", "every")
		}
	}
	if b.entity.Cursor == nil {
		b.wrong("without a cursor every run reads everything", "remove it", "hot")
	}
}

// ownPaths checks that the paths of the record itself do not leave it.
func (b *entityBuilder) ownPaths() {
	e := b.entity
	for key, ps := range map[string][]Path{
		"id": e.ID, "display_id": {e.DisplayID}, "display_name": {e.DisplayName}, "created_at": {e.CreatedAt},
		"updated_at": e.UpdatedAt, "history": {strings.Split(e.History, "/")}, "volatile": e.Volatile,
	} {
		for _, p := range ps {
			b.within(p, 0, key)
		}
	}
}

// within checks a path at a depth of lists: it may climb no further, and names single values.
func (b *entityBuilder) within(p Path, depth int, at ...string) {
	ups := 0
	for ups < len(p) && p[ups] == Up {
		ups++
	}
	if ups > depth {
		b.wrong("^ in "+p.String()+" leads out of the record", "^ stands for the record that holds a list's element", at...)
	}
	if slices.Contains(p, Each) {
		b.wrong("* in "+p.String()+" names several values, one is wanted", "name one element by its position, such as 0", at...)
	}
}

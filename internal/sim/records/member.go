package records

import "slices"

// Kind is what a member of a record holds.
type Kind int

// The kinds of members.
const (
	KindText   Kind = iota
	KindNumber      // an exact number
	KindCount       // a whole number
	KindBool        //
	KindTime        // kept as RFC 3339 in UTC
	KindDay         // 2026-11-20
	KindWord        // one of a list
	KindRef         // the number of a record
	KindRefs        // a list of them
	KindTexts       // a list of texts
	KindObject      //
	KindList        // objects with an id each
	KindAny         // whatever is JSON
)

// Member is one member of the records of a table.
type Member struct {
	Name    string
	Kind    Kind
	Words   []string // KindWord
	Of      string   // KindRef, KindRefs: the table
	Members []Member // KindObject, KindList
	need    bool     // given when a record is made, and never null
	own     bool     // the system alone sets it
	fixed   bool     // set when a record is made, and not changed after that
	unique  bool     // no two records have the same
	plain   bool     // KindList: elements have no id
	start   any      // what a record gets that is made without
}

// Text is a member that holds text; the others likewise.
func Text(name string) Member   { return Member{Name: name, Kind: KindText} }
func Number(name string) Member { return Member{Name: name, Kind: KindNumber} }
func Count(name string) Member  { return Member{Name: name, Kind: KindCount} }
func Bool(name string) Member   { return Member{Name: name, Kind: KindBool} }
func Time(name string) Member   { return Member{Name: name, Kind: KindTime} }
func Day(name string) Member    { return Member{Name: name, Kind: KindDay} }
func Word(name string, words ...string) Member {
	return Member{Name: name, Kind: KindWord, Words: words}
}
func Ref(name, table string) Member  { return Member{Name: name, Kind: KindRef, Of: table} }
func Refs(name, table string) Member { return Member{Name: name, Kind: KindRefs, Of: table} }
func Any(name string) Member         { return Member{Name: name, Kind: KindAny} }
func Texts(name string) Member       { return Member{Name: name, Kind: KindTexts} }
func Object(name string, members ...Member) Member {
	return Member{Name: name, Kind: KindObject, Members: members}
}
func List(name string, members ...Member) Member {
	return Member{Name: name, Kind: KindList, Members: slices.Insert(members, 0, Count("id"))}
}

// Plain is a list of objects without an id.
func Plain(name string, members ...Member) Member {
	return Member{Name: name, Kind: KindList, Members: members, plain: true}
}

// Need says that a record is not made without the member; the others likewise say what holds of it.
func (m Member) Need() Member       { m.need = true; return m }
func (m Member) Own() Member        { m.own = true; return m }
func (m Member) Fixed() Member      { m.fixed = true; return m }
func (m Member) Unique() Member     { m.unique = true; return m }
func (m Member) Start(v any) Member { m.start = v; return m }

// refs calls f with every reference that a record holds.
func refs(members []Member, r Record, f func(table, id string)) {
	for _, m := range members {
		switch v := r[m.Name].(type) {
		case nil:
		case Record:
			refs(m.Members, v, f)
		case []any:
			for _, e := range v {
				if row, ok := e.(Record); ok {
					refs(m.Members, row, f)
				} else if m.Kind == KindRefs {
					f(m.Of, idOf(e))
				}
			}
		default:
			if m.Kind == KindRef {
				f(m.Of, idOf(v))
			}
		}
	}
}

package lang

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/strictyaml"
	"github.com/busbar-dev/busbar/model"
)

const page = "../../../docs/flows/language.md"

var block = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The page of the language shows documents that are right, and names every key, word and function.
func TestThePageOfTheLanguage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(text)
	blocks := block.FindAllStringSubmatch(shown, -1)
	if len(blocks) < 10 {
		t.Errorf("the page shows %d examples", len(blocks))
	}
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		f, err := Parse("language.md", []byte(document(b[1])))
		if err != nil {
			t.Errorf("%s\n%v", b[1], err)
			continue
		}
		if wrong := Check(f, anywhere{m}); len(wrong) > 0 {
			t.Errorf("%s\n%v", b[1], wrong)
		}
	}
	for form, keys := range keysOfForms() {
		for _, key := range keys {
			if !strings.Contains(shown, "`"+key+"`") {
				t.Errorf("the page does not explain the key %s of %s", key, form)
			}
		}
	}
	for _, f := range ownFunctions() {
		if !strings.Contains(shown, "`"+f) {
			t.Errorf("the page does not explain the function %s", f)
		}
	}
}

// anywhere is a project whose connections are of systems that nobody knows, and that has every flow.
type anywhere struct{ model *model.Model }

func (a anywhere) Model() *model.Model          { return a.model }
func (a anywhere) System(string) (System, bool) { return System{}, false }
func (a anywhere) Flow(name string) *Flow {
	return &Flow{Name: name, Parameters: []Parameter{{Name: "rows", Type: "list"}}}
}

// document makes a whole one of an example that shows steps only.
func document(text string) string {
	if strings.Contains(text, "flow:") && !strings.HasPrefix(text, "- ") {
		return text
	}
	return "flow: example\nconnections: {erp: {}}\nparameters: {rows: {type: list}, url: {type: text}, key: {type: secret}}\nsteps:\n  - id: known\n    get: {connection: erp, entity: vendors, id: '1'}\n  " +
		strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

func ownFunctions() []string {
	return []string{"urlEncode", "decimalAdd", "decimalSubtract", "decimalMultiply", "decimalDivide", "decimalRound", "decimalSum", "decimalCompare"}
}

// keysOfForms gives every key of the language by the form that it belongs to.
func keysOfForms() map[string][]string {
	keys := map[string][]string{}
	collect(reflect.TypeFor[flowForm](), keys)
	return keys
}

func collect(t reflect.Type, keys map[string][]string) {
	if k, ok := reflect.Zero(t).Interface().(keyed); ok {
		collect(k.element(), keys)
		return
	}
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice:
		collect(t.Elem(), keys)
	case t.Kind() == reflect.Struct && notation(t) == nil && keys[t.Name()] == nil:
		fields, names := strictyaml.FieldsOf(reflect.New(t).Elem())
		keys[t.Name()] = names
		for _, name := range names {
			collect(fields[name].Value.Type(), keys)
		}
	}
}

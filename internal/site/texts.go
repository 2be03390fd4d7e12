package site

import (
	"embed"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

//go:embed texts/*.yaml
var textFiles embed.FS

// texts are the sentences of one language by key, which is its place in the file with dots between.
type texts map[string]string

func loadTexts() (map[string]texts, error) {
	files, err := textFiles.ReadDir("texts")
	if err != nil {
		return nil, err
	}
	all := map[string]texts{}
	for _, f := range files {
		content, err := textFiles.ReadFile("texts/" + f.Name())
		if err != nil {
			return nil, err
		}
		var tree map[string]any
		if err := yaml.Unmarshal(content, &tree); err != nil {
			return nil, fmt.Errorf("read texts/%s: %w", f.Name(), err)
		}
		t := texts{}
		if err := t.take("", tree); err != nil {
			return nil, fmt.Errorf("read texts/%s: %w", f.Name(), err)
		}
		all[strings.TrimSuffix(f.Name(), path.Ext(f.Name()))] = t
	}
	return all, nil
}

func (t texts) take(prefix string, tree map[string]any) error {
	for key, value := range tree {
		switch v := value.(type) {
		case string:
			t[prefix+key] = strings.TrimSpace(v)
		case map[string]any:
			if err := t.take(prefix+key+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s%s is no text; put it in quotes", prefix, key)
		}
	}
	return nil
}

// Words speak one language.
type Words struct {
	Language string
	texts    texts
	fallback texts
}

// Has tells whether there is such a text.
func (w Words) Has(key string) bool { _, ok := w.texts[key]; return ok }

// Say gives the text of a key, with pairs of names and values for what stands in it in braces. A key that is not there is shown as it is: tests find those.
func (w Words) Say(key string, pairs ...any) string {
	text, ok := w.texts[key]
	if !ok {
		if text, ok = w.fallback[key]; !ok {
			return key
		}
	}
	var replace []string
	for i := 0; i+1 < len(pairs); i += 2 {
		replace = append(replace, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(replace...).Replace(text)
}

// mainLanguage is the one that every other falls back to.
const mainLanguage = "en"

// Languages lists the languages there are, the main one first.
func (s *Site) Languages() []string {
	list := []string{mainLanguage}
	for name := range s.texts {
		if name != mainLanguage {
			list = append(list, name)
		}
	}
	slices.Sort(list[1:])
	return list
}

// In gives the words of a language, or of the main one.
func (s *Site) In(name string) Words {
	if s.texts[name] == nil {
		name = mainLanguage
	}
	return Words{Language: name, texts: s.texts[name], fallback: s.texts[mainLanguage]}
}

// languageCookie keeps the language that somebody chose.
const languageCookie = "busbar-language"

// among gives those languages that there are; all of them when none is.
func (s *Site) among(wanted []string) []string {
	all := s.Languages()
	some := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !slices.Contains(wanted, name) })
	if len(some) == 0 {
		return all
	}
	return some
}

// Words gives the language of a request, one of those that are named, all for none: the one chosen with ?lang=, now or before, else preset, which may be empty, else what the browser prefers.
func (s *Site) Words(r *http.Request, preset string, languages ...string) Words {
	names := s.among(languages)
	for _, name := range []string{r.URL.Query().Get("lang"), s.Cookie(r, languageCookie), preset} {
		if slices.Contains(names, name) {
			return s.In(name)
		}
	}
	tags := make([]language.Tag, len(names))
	for i, name := range names {
		tags[i] = language.Make(name)
	}
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return s.In(names[0])
	}
	_, at, _ := language.NewMatcher(tags).Match(wanted...)
	return s.In(names[at])
}

// KeepLanguage remembers a language that is chosen with ?lang=.
func (s *Site) KeepLanguage(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("lang")
	if s.texts[name] != nil && s.Secure(r) && s.Cookie(r, languageCookie) != name {
		s.SetCookie(w, r, Cookie{Name: languageCookie, Value: name})
	}
}

package site

// Field is an input of a form, as the template "field" shows it.
type Field struct {
	Name         string // in the form, and its id
	Label        string
	Type         string // text, url, email, password, number, date, select, lines, check
	Value        string // never shown for a password
	Help         string
	Example      string
	Error        string // what is wrong with it and how to mend it
	Autocomplete string
	Language     string // of label and help, where it is not the page's
	Optional     bool
	Kept         bool // a password: given before, and used again when nothing is typed
	Focus        bool // where typing begins
	Options      []Option
}

// Option is one choice of a select.
type Option struct {
	Value, Label string
}

// Secret tells whether what is typed is hidden.
func (f Field) Secret() bool { return f.Type == "password" }

// Described lists the ids of what describes the input.
func (f Field) Described() string {
	ids := ""
	if f.Error != "" {
		ids = f.Name + "-error"
	}
	if f.Help != "" || f.Example != "" || f.Kept {
		if ids != "" {
			ids += " "
		}
		ids += f.Name + "-help"
	}
	return ids
}

package store

import "strings"

// mostText bounds a text that goes to other processes, in bytes: PostgreSQL takes just under 8000.
const mostText = 7000

// newsTexts writes changes as texts: a line for each, its members with a tab between them.
func newsTexts(changes []Changed) (texts []string) {
	var b strings.Builder
	for _, c := range changes {
		line := string(c.Thing) + "\t" + c.Project + "\t" + c.Connection
		if len(line) > mostText {
			continue
		}
		if b.Len()+len(line) >= mostText {
			texts = append(texts, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	if b.Len() > 0 {
		texts = append(texts, b.String())
	}
	return texts
}

// newsFrom reads what newsTexts wrote. What it cannot read, as a later version may write it, may be anything.
func newsFrom(text string) (changes []Changed) {
	for line := range strings.SplitSeq(text, "\n") {
		parts := strings.Split(line, "\t")
		if len(parts) != 3 {
			return []Changed{everything}
		}
		changes = append(changes, Changed{Thing: Thing(parts[0]), Project: parts[1], Connection: parts[2]})
	}
	return changes
}

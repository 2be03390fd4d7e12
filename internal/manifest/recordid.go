package manifest

import "strings"

// JoinID makes the id of a record of the parts of its key: one part is the id as it is, several are joined with ":", and a ":" or "\" within a part
// has a "\" before it, so that two keys never become one.
func JoinID(parts ...string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	var id []byte
	for i, part := range parts {
		if i > 0 {
			id = append(id, ':')
		}
		id = AppendIDPart(id, part)
	}
	return string(id)
}

// AppendIDPart appends one of several parts of an id, without the ":" before it.
func AppendIDPart[T ~string | ~[]byte](id []byte, part T) []byte {
	for i := range len(part) {
		if part[i] == ':' || part[i] == '\\' {
			id = append(id, '\\')
		}
		id = append(id, part[i])
	}
	return id
}

// SplitID takes the id of a record apart that is made of so many parts; 0 where nobody knows how many. What it gives may be more or fewer, but an id of one part
// is that part, whatever is in it.
func SplitID(id string, parts int) []string {
	if parts == 1 {
		return []string{id}
	}
	var all []string
	var part strings.Builder
	for i := 0; i < len(id); i++ {
		switch b := id[i]; {
		case b == ':':
			all = append(all, part.String())
			part.Reset()
			continue
		case b == '\\' && i+1 < len(id):
			i++
		}
		part.WriteByte(id[i])
	}
	return append(all, part.String())
}

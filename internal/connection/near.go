package connection

import (
	"fmt"
	"slices"
	"strings"
)

// unknown says that there is no such name, and which one may have been meant.
func unknown(what, name string, known []string) string {
	near := slices.DeleteFunc(slices.Clone(known), func(k string) bool { return !alike(strings.ToLower(name), k) })
	switch {
	case len(near) > 0:
		return fmt.Sprintf("There is no %s of this name; did you mean %s?", what, strings.Join(near, " or "))
	case len(known) == 0:
		return fmt.Sprintf("There is no %s of this name.", what)
	case len(known) <= 40:
		return fmt.Sprintf("There is no %s of this name; known: %s.", what, strings.Join(known, ", "))
	default:
		return fmt.Sprintf("There is no %s of this name.", what)
	}
}

// alike says whether one word begins with the other, or a few mistyped letters lie between them.
func alike(a, b string) bool {
	if len(a) > 100 {
		return false
	}
	if len(a) > 2 && (strings.HasPrefix(b, a) || strings.HasPrefix(a, b)) {
		return true
	}
	return distance(a, b) <= max(1, len(b)/4)
}

// distance counts the letters to insert, delete or replace between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

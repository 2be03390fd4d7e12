// Package spelling owns guesses at what a misspelt name was meant to be. It must not know what the names name, nor how the guess is told.
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

const (
	longest = 64 // letters of a word that is guessed at; longer ones are no typing mistakes
	most    = 3  // guesses
)

// Near gives up to three (none: an empty list) of the known words that word may have meant, nearest first: a few letters lie between them, or one is in the
// other. Upper case counts as lower case, and _ as -.
func Near(word string, known []string) []string {
	type guess struct {
		word  string
		edits int
	}
	w := fold(word)
	if w == "" || len(w) > longest {
		return []string{}
	}
	var found []guess
	for _, k := range known {
		if d := edits(w, fold(k)); d <= 1+len(w)/3 || within(w, fold(k)) {
			found = append(found, guess{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b guess) int { return cmp.Compare(a.edits, b.edits) })
	words := make([]string, min(most, len(found)))
	for i := range words {
		words[i] = found[i].word
	}
	return words
}

func fold(word string) string { return strings.ReplaceAll(strings.ToLower(word), "_", "-") }

// within tells whether one word is in the other; two letters are in too many.
func within(a, b string) bool {
	return len(a) > 2 && strings.Contains(b, a) || len(b) > 2 && strings.Contains(a, b)
}

// edits counts the letters to insert, delete or replace between two words (Levenshtein's distance).
func edits(a, b string) int {
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

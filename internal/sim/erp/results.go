package erp

import (
	"slices"
)

// Ways in which a bulk answer misleads; each is a Fault.Rewrite.

// Without leaves the results at these positions out.
func Without(positions ...int) func([]byte) []byte {
	return results(func(all []BulkResult) []BulkResult {
		var left []BulkResult
		for i, r := range all {
			if !slices.Contains(positions, i) {
				left = append(left, r)
			}
		}
		return left
	})
}

// Reversed gives the results from the last to the first.
func Reversed() func([]byte) []byte {
	return results(func(all []BulkResult) []BulkResult {
		slices.Reverse(all)
		return all
	})
}

// Doubled repeats the result at a position at the end.
func Doubled(position int) func([]byte) []byte {
	return results(func(all []BulkResult) []BulkResult { return append(all, all[position]) })
}

// Contradicted adds a second, refused result for the key at a position.
func Contradicted(position int) func([]byte) []byte {
	return results(func(all []BulkResult) []BulkResult {
		return append(all, BulkResult{Key: all[position].Key, Status: 422, Error: &BulkError{"invalid", "Something else."}})
	})
}

// Strange gives the result at a position a key that nobody sent.
func Strange(position int) func([]byte) []byte {
	return results(func(all []BulkResult) []BulkResult {
		all[position].Key = "strange"
		return all
	})
}

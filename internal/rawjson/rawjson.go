// Package rawjson takes JSON text apart without decoding it: it splits a page into records and finds values by
// path, all as sub-slices of the input. It owns no meaning; it knows nothing of models or systems.
package rawjson

import "errors"

// ErrSyntax is wrapped by every error about text that is not the JSON it should be.
var ErrSyntax = errors.New("not valid JSON")

// Split returns the elements of a JSON array as sub-slices of array, each checked to be well-formed JSON.
func Split(array []byte) ([][]byte, error) { panic("to be built") }

// Find returns the value at path (object member names), as a sub-slice of doc; ok is false when a member on the way is
// missing or the value on the way is not an object.
func Find(doc []byte, path ...string) (value []byte, ok bool, err error) { panic("to be built") }

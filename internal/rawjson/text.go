package rawjson

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Unquote appends the text of a JSON string literal to dst. Half a surrogate pair or invalid UTF-8 is an ErrSyntax.
func Unquote(dst, literal []byte) ([]byte, error) {
	out, err := jsontext.AppendUnquote(dst, literal)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return out, nil
}

// Quote appends text as a JSON string literal to dst. Invalid UTF-8 is an ErrSyntax.
func Quote[T ~string | ~[]byte](dst []byte, text T) ([]byte, error) {
	out, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return out, nil
}

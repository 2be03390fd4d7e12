package store

import (
	"context"
	"fmt"
)

// streamKey finds the numbers of a stream. ErrNotFound.
func (s *Store) streamKey(ctx context.Context, sc Scope, entity string) (StreamKey, error) {
	stream, err := s.read.StreamNumber(ctx, sc.no, entity)
	if err != nil {
		return StreamKey{}, fmt.Errorf("stream %s: %w", entity, orNotFound(err))
	}
	return StreamKey{Connection: sc.no, Stream: stream}, nil
}

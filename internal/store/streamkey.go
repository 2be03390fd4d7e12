package store

import (
	"context"
	"fmt"
	"sync"
)

// streamNumbers remembers the numbers of streams, which never change and are never given out again.
type streamNumbers struct {
	mu    sync.RWMutex
	known map[streamName]int64
}

type streamName struct {
	connection int64
	entity     string
}

// maxKnown bounds the memory of streamNumbers; beyond it everything is forgotten and looked up again.
const maxKnown = 100_000

func (n *streamNumbers) get(name streamName) (int64, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	stream, ok := n.known[name]
	return stream, ok
}

func (n *streamNumbers) put(name streamName, stream int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known) >= maxKnown {
		n.known = make(map[streamName]int64)
	}
	n.known[name] = stream
}

// HasStream says whether the connection has a stream of the entity: nil or ErrNotFound.
func (s *Store) HasStream(ctx context.Context, sc Scope, entity string) error {
	_, err := s.streamKey(ctx, sc, entity)
	return err
}

// streamKey finds the numbers of a stream. ErrNotFound.
func (s *Store) streamKey(ctx context.Context, sc Scope, entity string) (StreamKey, error) {
	name := streamName{sc.no, entity}
	stream, ok := s.streams.get(name)
	if !ok {
		var err error
		if stream, err = s.read.StreamNumber(ctx, sc.no, entity); err != nil {
			return StreamKey{}, fmt.Errorf("stream %s: %w", entity, orNotFound(err))
		}
		s.streams.put(name, stream)
	}
	return StreamKey{Connection: sc.no, Stream: stream}, nil
}

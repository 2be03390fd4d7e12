package write

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/store"
)

// maxWords is how many records a picklist may have; a longer one is not checked here: the system does it.
const maxWords = 2000

// wordLists remembers the values of fields of stored records, as long as their streams stand still.
type wordLists struct {
	mu sync.Mutex
	by map[wordKey]wordList
}

type wordKey struct{ connection, entity, field string }

type wordList struct {
	epoch, seq int64
	words      []string
}

// words gives the values that the stored records of an entity have in a field; nil where that is no list to go by: it was never read to its end, or is too long. failed is the
// first list that could not be read.
func (t *target) words(ctx context.Context, failed *error) func(entity, field string) []string {
	return func(entity, field string) []string {
		words, err := t.wordsOf(ctx, entity, field)
		if err != nil && *failed == nil {
			*failed = fmt.Errorf("read the values of %s.%s: %w", entity, field, err)
		}
		return words
	}
}

func (t *target) wordsOf(ctx context.Context, entity, field string) ([]string, error) {
	at, err := t.Store.Position(ctx, t.conn.Scope(), entity)
	if errors.Is(err, store.ErrNotFound) || err == nil && at.LastSuccessAt.IsZero() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key := wordKey{t.conn.ID, entity, field}
	if words, ok := t.lists.get(key, at); ok {
		return words, nil
	}
	words, err := t.readWords(ctx, entity, field)
	if err == nil {
		t.lists.put(key, at, words)
	}
	return words, err
}

func (t *target) readWords(ctx context.Context, entity, field string) ([]string, error) {
	var words []string
	for after, more := int64(0), true; more; {
		var recs []store.Record
		var err error
		recs, more, err = t.Store.Page(ctx, t.conn.Scope(), entity, store.Range{After: after, Limit: 500})
		if err != nil {
			return nil, err
		}
		for _, r := range recs {
			after = r.Seq
			var word string
			if raw, ok, err := rawjson.Find([]byte(r.JSON), field); err == nil && ok && json.Unmarshal(raw, &word) == nil && word != "" {
				words = append(words, word)
			}
		}
		if len(words) > maxWords {
			return nil, nil
		}
	}
	return words, nil
}

func (l *wordLists) get(key wordKey, at store.Position) ([]string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, ok := l.by[key]
	return list.words, ok && list.epoch == at.Epoch && list.seq == at.Seq
}

// maxLists bounds what is remembered.
const maxLists = 1000

func (l *wordLists) put(key wordKey, at store.Position, words []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil || len(l.by) >= maxLists {
		l.by = map[wordKey]wordList{}
	}
	l.by[key] = wordList{at.Epoch, at.Seq, words}
}

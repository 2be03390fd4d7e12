package store

import (
	"context"
	"time"
)

type FieldValue struct{ Field, Value string }

func (s *Store) FindRecords(ctx context.Context, sc Scope, entity string, by []FieldValue, limit int) ([]Record, error) {
	return nil, nil
}

func (s *Store) PurgeFlowRuns(ctx context.Context, before time.Time, limit int) (bool, error) {
	return false, nil
}

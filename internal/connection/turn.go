package connection

import "context"

// turn lets one caller at a time do something.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// enter waits for the caller's turn until ctx ends; in a hurry it does not wait for another one's end.
func (t turn) enter(ctx context.Context, hurry bool) bool {
	if hurry {
		select {
		case t <- struct{}{}:
			return true
		default:
			return false
		}
	}
	select {
	case t <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t turn) leave() { <-t }

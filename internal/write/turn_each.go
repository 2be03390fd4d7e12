package write

import (
	"errors"
	"slices"
	"sync"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// step is what is done in one go: about one item, or about many by the system's call for many.
type step func() error

// each takes steps side by side, begun in their order, until one says that it makes no sense to go on, or the time is up.
func (s *slice) each(steps []step) error {
	places := make(chan struct{}, s.places)
	var under sync.WaitGroup
	var failed failure
	for _, do := range steps {
		places <- struct{}{}
		if failed.seen() || !s.mayGoOn() {
			break
		}
		under.Go(func() {
			defer func() { <-places }()
			failed.note(do())
		})
	}
	under.Wait()
	return failed.first
}

// failure is the first error of several steps; one of the store says more than one of the system.
type failure struct {
	mu    sync.Mutex
	first error
}

func (f *failure) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.first = firstOfErrors([]error{f.first, err})
}

func (f *failure) seen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first != nil
}

// singly makes a step of each item.
func (s *slice) singly(its []*store.Item) []step {
	steps := make([]step, len(its))
	for i, it := range its {
		steps[i] = func() error { return s.after(s.sender.do(s.work, it), it) }
	}
	return steps
}

// together makes steps of items: by the system's call for many where there is one and it is worth it, else singly.
func (s *slice) together(its []*store.Item) (steps []step) {
	for _, op := range manifest.Ops() {
		var same []*store.Item
		for _, it := range its {
			if it.Op == string(op) {
				same = append(same, it)
			}
		}
		bulk := s.sender.entity.Operations[op].Bulk
		for len(same) > 1 && bulk != nil && bulk.Max > 1 {
			part := same[:min(len(same), bulk.Max)]
			same = same[len(part):]
			steps = append(steps, func() error { return s.after(s.sender.doMany(s.work, part, false), part...) })
		}
		steps = append(steps, s.singly(same)...)
	}
	return append(steps, s.singly(strangers(its))...)
}

// strangers gives items that are of no operation: each gets its verdict too.
func strangers(its []*store.Item) []*store.Item {
	return slices.DeleteFunc(slices.Clone(its), func(it *store.Item) bool { return slices.Contains(manifest.Ops(), manifest.Op(it.Op)) })
}

// after takes in what a step came to. An item that did not get its record waits.
func (s *slice) after(err error, its ...*store.Item) error {
	why := "Another write to this record is not over. This one waits for it."
	if !errors.Is(err, store.ErrBusy) && notReady(err) {
		why = "A record of the batch changed right before it was sent. It is judged anew."
	}
	if notReady(err) {
		err = nil
	}
	for _, it := range its {
		switch {
		case it.Status != store.ItemPending:
			s.moved.Store(true)
		case err == nil && !it.DueAt.After(s.Now()):
			if err := s.postpone(it, why); err != nil {
				return err
			}
		}
	}
	return err
}

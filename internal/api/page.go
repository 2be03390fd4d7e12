package api

import "github.com/danielgtaylor/huma/v2"

// PageInput is what every list of the control plane takes.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most."`
	Cursor string `query:"cursor" doc:"next_cursor of the page before, exactly as given."`
}

// page is one page of a list.
type page[T any] struct {
	Body pageBody[T]
}

type pageBody[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor to go on; null at the end."`
}

func (p pageBody[T]) next() string {
	if p.NextCursor == nil {
		return ""
	}
	return *p.NextCursor
}

// before gives the id that a page ends before, "" for the first page.
func (s *server) before(at place, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	p, err := s.open(at, cursor)
	return p.id, err
}

// pageOf makes a page of items, of which one more than limit was asked for; end gives the position behind those shown.
func pageOf[S, T any](s *server, at place, limit int, items []S, view func(S) T, end func([]S) position) *page[T] {
	out := &page[T]{}
	more := len(items) > limit
	items = items[:min(limit, len(items))]
	out.Body.Data = make([]T, len(items))
	for i, item := range items {
		out.Body.Data[i] = view(item)
	}
	if more {
		next := s.seal(at, end(items))
		out.Body.NextCursor = &next
	}
	return out
}

// endsAt gives the end function of things listed by id.
func endsAt[S any](id func(S) string) func([]S) position {
	return func(shown []S) position { return position{id: id(shown[len(shown)-1])} }
}

// linked adds the header that names the next page of the control plane's lists.
func linked(hc huma.Context, _ string, body any) (any, error) {
	if p, ok := body.(interface{ next() string }); ok {
		linkNext(hc, p.next())
	}
	return body, nil
}

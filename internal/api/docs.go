package api

import "net/http"

type reference struct{}

func newReference(s *server) (*reference, error) { return &reference{}, nil }

func (r *reference) mount(mux *http.ServeMux) {}

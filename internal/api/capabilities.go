package api

// capabilities is what a system can do.
type capabilities = any

func (s *server) capabilities(system string) (*one[capabilities], error) {
	sys, err := s.system(system)
	if err != nil {
		return nil, err
	}
	return &one[capabilities]{sys.Name}, nil
}

package model

import "testing"

func TestLoad(t *testing.T) {
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Entities) != 26 {
		t.Errorf("%d", len(m.Entities))
	}
}

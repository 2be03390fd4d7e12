package app

import "testing"

// A vendor's own password is taken only with everything that says to whom, and how, it goes.
func TestAVendorsPasswordIsNotTheCustomersToSteer(t *testing.T) {
	t.Parallel()
	a, project, vendor := opened(t, options(t, t.TempDir()))
	for system, values := range map[string]map[string]string{
		"file-drop": {"host": "sftp.example.com", "username": "vendor", "directory": ".", "password": "CANARY-password", "port": "22", "host_key": "SHA256:x"},
		"sql-views": {"kind": "postgresql", "host": "db.example.com", "port": "5432", "database": "erp", "password": "CANARY-password", "tls": "verify"},
	} {
		if _, err := a.Links.PutApp(vendor, project, system, "basic", values); err != nil {
			t.Errorf("%s: %v", system, err)
		}
		for _, name := range []string{"host", "port", "host_key", "kind", "tls"} {
			value := values[name]
			if delete(values, name); value == "" {
				continue
			}
			if _, err := a.Links.PutApp(vendor, project, system, "basic", values); err == nil {
				t.Errorf("%s: taken without %s", system, name)
			}
			values[name] = value
		}
	}
}

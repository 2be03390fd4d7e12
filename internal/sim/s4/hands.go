package s4

import (
	"context"
	"fmt"
	"strings"
)

// shown is where another user changes a record: its table, the member, and what leads from an id to the record.
func (s *Server) shown(entity string) (t *table, member string) {
	places := map[string][2]string{
		"vendors": {"A_BusinessPartner", "OrganizationBPName1"}, "items": {"A_Product", "ProductGroup"}, "stock-levels": {"A_MatlStkInAcctMod", "MatlWrhsStkQtyInMatlBaseUnit"},
		"purchase-orders": {"A_PurchaseOrder", "PaymentTerms"}, "work-orders": {"MaintenanceOrder", "MaintenanceOrderDesc"}, "service-requests": {"MaintenanceNotification", "NotificationText"},
		"assets": {"Equipment", "EquipmentName"}, "locations": {"FunctionalLocation", "FunctionalLocationName"}, "sites": {"A_Plant", "PlantName"}, "organizations": {"A_CompanyCode", "CompanyCodeName"},
	}
	place := places[entity]
	return s.tables[place[0]], place[1]
}

// rowOf finds a record by its remote id: the values of its key, joined with ":".
func (s *Server) rowOf(entity, remoteID string) (*table, *row, string, error) {
	t, member := s.shown(entity)
	if t == nil {
		return nil, nil, "", fmt.Errorf("the simulator has no %s", entity)
	}
	key := strings.ReplaceAll(remoteID, ":", "\x00")
	if entity == "assets" {
		key = t.keyText(map[string]any{"Equipment": remoteID, "ValidityEndDate": forever()})
	}
	r := t.index[key]
	if r == nil {
		return nil, nil, "", fmt.Errorf("there is no %s %s", entity, remoteID)
	}
	return t, r, member, nil
}

// Touch changes a record as another user does.
func (s *Server) Touch(_ context.Context, entity, remoteID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r, member, err := s.rowOf(entity, remoteID)
	if err != nil {
		return err
	}
	n := s.next("touch", 1)
	switch r.values[member].(type) {
	case decimal:
		r.values[member] = decimal(fmt.Sprintf("%d.5", n+1000))
	default:
		r.values[member] = fmt.Sprintf("T%03d", n)
	}
	if t.name == "A_BusinessPartner" {
		r.values["BusinessPartnerFullName"] = r.values[member]
	}
	s.touch(t, r)
	return nil
}

// Add makes a record as another user does, and gives its remote id.
func (s *Server) Add(_ context.Context, entity string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, _ := s.shown(entity)
	if t == nil {
		return "", fmt.Errorf("the simulator has no %s", entity)
	}
	n := s.next("add", 500)
	values := map[string]any{}
	for k, v := range t.rows[0].values {
		values[k] = v
	}
	key := t.keys()[0].name
	values[key] = fmt.Sprintf("%010d", 7700000000+n)
	switch t.name {
	case "A_MatlStkInAcctMod":
		values[key] = t.rows[0].values[key]
		values["Batch"] = fmt.Sprintf("N%04d", n)
	case "A_Plant", "A_CompanyCode":
		values[key] = fmt.Sprintf("9%03d", n)
	case "A_BusinessPartner":
		values["Supplier"] = values[key]
		s.tables["A_Supplier"].insert(map[string]any{"Supplier": values[key], "SupplierName": "New", "PurchasingIsBlocked": false})
	}
	r := t.insert(values)
	s.touch(t, r)
	if t.name == "Equipment" {
		return plainText(values[key]), nil
	}
	return strings.ReplaceAll(t.keyText(values), "\x00", ":"), nil
}

// Remove takes a record away, as an archiving run does.
func (s *Server) Remove(_ context.Context, entity, remoteID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r, _, err := s.rowOf(entity, remoteID)
	if err != nil {
		return err
	}
	t.remove(r)
	return nil
}

// Hands names the entities that Touch, Add and Remove know.
func (s *Server) Hands() []string {
	return []string{"vendors", "items", "stock-levels", "purchase-orders", "work-orders", "service-requests", "assets", "locations", "sites", "organizations"}
}

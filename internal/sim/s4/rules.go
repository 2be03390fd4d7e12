package s4

import (
	"fmt"
	"strings"
	"time"
)

// The phases of a maintenance order.
const (
	phasePlanned   = "2"
	phaseReleased  = "3"
	phaseCompleted = "7"
	phaseClosed    = "8"
	phaseDeleted   = "9"
)

// orderCalls are the function imports of maintenance orders that change their status.
func orderCalls() map[string]call {
	move := func(from []string, to, status string) call {
		return call{"MaintenanceOrder", func(_ *Server, _ *table, r *row) *refusal {
			phase, _ := r.values["MaintOrdProcessPhaseCode"].(string)
			if !strings.Contains(strings.Join(from, ","), phase) {
				return business("IW/083", "Order %s has status %s; the action is not allowed", r.values["MaintenanceOrder"], r.values["SystemStatusText"])
			}
			r.values["MaintOrdProcessPhaseCode"], r.values["SystemStatusText"] = to, status
			return nil
		}}
	}
	return map[string]call{
		"ReleaseMaintenanceOrder":       move([]string{"0", phasePlanned}, phaseReleased, "REL"),
		"SetMaintOrdToTechCompleted":    move([]string{phaseReleased}, phaseCompleted, "TECO"),
		"ResetMaintOrdStsTechCompleted": move([]string{phaseCompleted}, phaseReleased, "REL"),
		"SetMaintOrderStatusToClosed":   move([]string{phaseCompleted}, phaseClosed, "CLSD"),
		"SetMaintOrdStsToMrkdForDeltn":  move([]string{"0", phasePlanned}, phaseDeleted, "DLFL"),
	}
}

// checkCreate holds the rules of the application against a record that is to be made.
func (s *Server) checkCreate(d *draft) *refusal {
	if wrong := s.checkReferences(d.values, d.table); wrong != nil {
		return wrong
	}
	keyed := plainText(d.values[d.table.keys()[0].name]) != ""
	if keyed && d.table.index[d.table.keyText(withFixed(d.table, d.values))] != nil {
		return business("CNV_30010/010", "%s %s already exists", d.table.name, strings.ReplaceAll(d.table.keyText(d.values), "\x00", "/"))
	}
	switch d.table.name {
	case "A_PurchaseOrder":
		if len(d.parts["A_PurchaseOrderItem"]) == 0 {
			return business("MEPO/002", "PO header data still faulty: enter at least one item")
		}
		for i, item := range d.parts["A_PurchaseOrderItem"] {
			if wrong := s.checkItem(item, i); wrong != nil {
				return wrong
			}
		}
	case "MaintenanceOrder", "MaintenanceNotification":
		if p := plainText(d.values["MaintPriority"]); p != "" && !strings.Contains("1234", p) {
			return business("IW/302", "Priority %s is not defined", p)
		}
	}
	return nil
}

func withFixed(t *table, values map[string]any) map[string]any {
	if t.name != "Equipment" {
		return values
	}
	return map[string]any{"Equipment": values["Equipment"], "ValidityEndDate": forever()}
}

func forever() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }

func (s *Server) checkItem(item *draft, i int) *refusal {
	if wrong := s.checkReferences(item.values, item.table); wrong != nil {
		return wrong
	}
	quantity := item.values["OrderQuantity"]
	switch {
	case quantity == nil || compare(quantity, decimal("0.000")) <= 0:
		return business("06/083", "Item %05d: enter a quantity greater than zero", (i+1)*10)
	case plainText(item.values["Plant"]) == "":
		return business("06/084", "Item %05d: enter a plant", (i+1)*10)
	case plainText(item.values["Material"]) == "" && plainText(item.values["PurchaseOrderItemText"]) == "":
		return business("06/085", "Item %05d: enter a material or a short text", (i+1)*10)
	}
	return nil
}

// checkReferences refuses what leads to no record.
func (s *Server) checkReferences(values map[string]any, t *table) *refusal {
	for member, to := range map[string]string{"Supplier": "A_Supplier", "Material": "A_Product", "Plant": "A_Plant", "CompanyCode": "A_CompanyCode", "MaintenancePlant": "A_Plant",
		"MaintenancePlanningPlant": "A_Plant", "FunctionalLocation": "FunctionalLocation", "SuperiorFunctionalLocation": "FunctionalLocation"} {
		text := plainText(values[member])
		if text == "" || t.member(member) == nil || t.name == to {
			if t.name != to || member != "SuperiorFunctionalLocation" || text == "" {
				continue
			}
		}
		if s.tables[to].index[text] == nil {
			return business("ME/027", "%s %s does not exist", member, text)
		}
	}
	equipment := plainText(values["Equipment"])
	if t.name == "MaintenanceOrder" && equipment != "" && len(s.tables["Equipment"].group[equipment]) == 0 {
		return business("IE/002", "Equipment %s does not exist", equipment)
	}
	return nil
}

// checkUpdate holds the rules against a change of a record, or of its removal.
func (s *Server) checkUpdate(t *table, r *row, values map[string]any) *refusal {
	switch t.name {
	case "A_PurchaseOrder", "A_PurchaseOrderItem":
		order := s.tables["A_PurchaseOrder"].index[plainText(r.values["PurchaseOrder"])]
		if order != nil && order.values["PurchasingProcessingStatus"] == "05" {
			return business("MEPO/822", "Purchase order %s is released; it cannot be changed", order.values["PurchaseOrder"])
		}
		if plainText(r.values["PurchasingDocumentDeletionCode"]) == "L" {
			return business("06/115", "Purchase order %s is deleted", r.values["PurchaseOrder"])
		}
	case "MaintenanceOrder":
		if phase := plainText(r.values["MaintOrdProcessPhaseCode"]); phase > phaseReleased {
			return business("IW/083", "Order %s is technically completed; it cannot be changed", r.values["MaintenanceOrder"])
		}
	case "MaintenanceNotification":
		if r.values["NotifProcessingPhase"] == "4" {
			return business("IM/254", "Notification %s is completed; it cannot be changed", r.values["MaintenanceNotification"])
		}
	}
	return s.checkReferences(values, t)
}

// fill sets what the system sets when a record is made.
func (s *Server) fill(d *draft) {
	v, now := d.values, s.now()
	today := now.Truncate(24 * time.Hour)
	set := func(name string, value any) {
		if v[name] == nil && d.table.member(name) != nil {
			v[name] = value
		}
	}
	set("CreationDate", today)
	set("CreationTime", now.Truncate(time.Second).Sub(today))
	set("CreatedByUser", s.opts.User)
	set("PurchasingProcessingStatus", "02")
	set("MaintOrderCreationDateTime", now)
	set("Currency", "EUR")
	set("DocumentCurrency", "EUR")
	set("NetPriceQuantity", decimal("1"))
	switch d.table.name {
	case "MaintenanceOrder":
		set("MaintOrdProcessPhaseCode", phasePlanned)
		set("SystemStatusText", "CRTD")
	case "MaintenanceNotification":
		set("NotifProcessingPhase", "1")
		set("NotifProcessingPhaseDesc", "Outstanding")
		if long := v["MaintNotifLongTextForEdit"]; long != nil {
			v["MaintNotificationLongText"] = long
		}
	case "Equipment":
		set("ValidityEndDate", forever())
		set("EquipmentIsAvailable", true)
		for _, name := range []string{"EquipmentIsMarkedForDeletion", "EquipmentIsInstalled", "EquipmentIsInactive"} {
			set(name, false)
		}
	case "FunctionalLocation":
		set("FunctionalLocationLabelName", v["FunctionalLocation"])
		set("FuncnlLocIsMarkedForDeletion", false)
		set("FunctionalLocationIsActive", true)
	}
}

// numberPart numbers an item that came with its order.
func (s *Server) numberPart(d *draft, i int) {
	set := func(name, value string) {
		if plainText(d.values[name]) == "" {
			d.values[name] = value
		}
	}
	switch d.table.name {
	case "A_PurchaseOrderItem":
		set("PurchaseOrderItem", fmt.Sprintf("%05d", (i+1)*10))
	case "A_PurchaseOrderScheduleLine":
		set("ScheduleLine", fmt.Sprintf("%04d", i+1))
	case "MaintenanceOrderOperation":
		set("MaintenanceOrderOperation", fmt.Sprintf("%04d", (i+1)*10))
		set("MaintenanceOrderSubOperation", "")
	case "MaintenanceOrderComponent":
		set("MaintenanceOrderOperation", "0010")
		set("MaintenanceOrderComponent", fmt.Sprintf("%04d", (i+1)*10))
	}
}

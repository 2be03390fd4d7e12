package s4

import (
	"fmt"
	"time"
)

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// seed fills the tables; the same counts and clock give the same data. Several records always share a stamp, numbers have leading zeros, and texts are of many scripts.
func (s *Server) seed() {
	now := s.now()
	stamp := func(i, of int) time.Time { // four records share each
		return now.Add(-time.Duration((of-i)/4+60) * time.Minute).Truncate(time.Second)
	}
	c := s.opts.Counts
	s.seedPlaces()
	s.seedPartners(orDefault(c.Vendors, 40), now)
	s.seedProducts(orDefault(c.Products, 60), stamp)
	s.seedObjects(orDefault(c.FunctionalLocations, 30), orDefault(c.Equipment, 50), stamp)
	s.seedPurchasing(orDefault(c.Orders, 80), stamp)
	s.seedNotifications(orDefault(c.Notifications, 50), stamp)
	s.seedMaintenance(orDefault(c.MaintenanceOrders, 60), stamp)
	s.seedStock(orDefault(c.Stock, 60))
}

func (s *Server) seedPlaces() {
	s.tables["A_CompanyCode"].insert(map[string]any{"CompanyCode": "1010", "CompanyCodeName": "Nordwerk AG", "CityName": "Walldorf", "Country": "DE", "Currency": "EUR", "VATRegistration": "DE811234567"})
	for _, p := range [][2]string{{"1010", "Werk Walldorf"}, {"1020", "Werk Łódź"}, {"1030", "工場 大阪"}} {
		s.tables["A_Plant"].insert(map[string]any{"Plant": p[0], "PlantName": p[1], "ValuationArea": p[0], "IsMarkedForArchiving": false})
	}
}

// supplier is the number of a vendor: ten digits with leading zeros.
func supplier(i int) string { return fmt.Sprintf("%010d", 1234+i) }

func (s *Server) seedPartners(n int, now time.Time) {
	names := []string{"Hydraulik Nord GmbH", "Müller & Söhne OHG", "O'Brien Seals Ltd.", "東京ポンプ株式会社", "Żelazny Sp. z o.o."}
	day := now.Truncate(24 * time.Hour)
	for i := range n {
		id, name := supplier(i), fmt.Sprintf("%s %d", names[i%len(names)], i)
		partner := map[string]any{"BusinessPartner": id, "Supplier": id, "BusinessPartnerCategory": "2", "BusinessPartnerFullName": name, "OrganizationBPName1": name,
			"CreationDate": day.AddDate(0, 0, -400+i%200), "CreationTime": 9 * time.Hour, "BusinessPartnerIsBlocked": false, "IsMarkedForArchiving": false}
		if i%3 > 0 { // one in three was never changed
			partner["LastChangeDate"], partner["LastChangeTime"] = day.AddDate(0, 0, -1-i%20), time.Duration(i%4*3600)*time.Second+11*time.Hour
		}
		s.tables["A_BusinessPartner"].insert(partner)
		s.tables["A_Supplier"].insert(map[string]any{"Supplier": id, "SupplierName": name, "SupplierFullName": name, "SupplierAccountGroup": "SUPL", "PostingIsBlocked": false,
			"PurchasingIsBlocked": i%10 == 9, "DeletionIndicator": false, "VATRegistration": fmt.Sprintf("DE8%08d", i), "CreationDate": partner["CreationDate"]})
		s.tables["A_BusinessPartnerAddress"].insert(map[string]any{"BusinessPartner": id, "AddressID": fmt.Sprint(22000 + i), "CityName": "Köln", "Country": "DE", "HouseNumber": fmt.Sprint(1 + i),
			"PostalCode": "50667", "Region": "NW", "StreetName": "Domstraße"})
	}
	s.tables["A_BusinessPartner"].insert(map[string]any{"BusinessPartner": "0000009000", "Customer": "0000009000", "BusinessPartnerCategory": "2", "BusinessPartnerFullName": "Only a customer",
		"CreationDate": day.AddDate(-1, 0, 0), "CreationTime": time.Duration(0)})
}

// material is the number of a product.
func material(i int) string { return fmt.Sprintf("MAT-%05d", i) }

func (s *Server) seedProducts(n int, stamp func(int, int) time.Time) {
	for i := range n {
		s.tables["A_Product"].insert(map[string]any{"Product": material(i), "ProductType": []string{"ERSA", "ROH", "FERT", "SERV"}[i%4], "CreationDate": stamp(i, n).Truncate(24*time.Hour).AddDate(0, 0, -30), "LastChangeDateTime": stamp(i, n),
			"IsMarkedForDeletion": false, "BaseUnit": "PC", "ProductGroup": "L004", "ProductStandardID": fmt.Sprintf("40123450%05d", i), "GrossWeight": decimal("1.250")})
		s.tables["A_ProductDescription"].insert(map[string]any{"Product": material(i), "Language": "EN", "ProductDescription": fmt.Sprintf("Seal ring Ø %d", 10+i)})
		s.tables["A_ProductDescription"].insert(map[string]any{"Product": material(i), "Language": "DE", "ProductDescription": fmt.Sprintf("Dichtring Ø %d", 10+i)})
	}
}

func (s *Server) seedObjects(locations, equipment int, stamp func(int, int) time.Time) {
	for i := range locations {
		name, above := fmt.Sprintf("1010-PM%02d", i), ""
		if i%5 > 0 {
			above = fmt.Sprintf("1010-PM%02d", i-i%5)
			name = above + fmt.Sprintf("-L%d", i%5)
		}
		s.tables["FunctionalLocation"].insert(map[string]any{"FunctionalLocation": name, "FunctionalLocationLabelName": name, "FunctionalLocationName": fmt.Sprintf("Papiermaschine %d", i), "FunctionalLocationCategory": "M",
			"SuperiorFunctionalLocation": above, "MaintenancePlant": "1010", "CreationDate": stamp(i, locations).Truncate(24 * time.Hour), "LastChangeDateTime": stamp(i, locations),
			"FuncnlLocIsMarkedForDeletion": false, "FunctionalLocationIsActive": true})
	}
	places := s.tables["FunctionalLocation"].rows
	for i := range equipment {
		place := places[i%len(places)].values["FunctionalLocation"]
		e := map[string]any{"Equipment": equipmentID(i), "ValidityEndDate": forever(), "EquipmentName": fmt.Sprintf("Pump %d – drive side", i), "EquipmentCategory": "M", "TechnicalObjectType": "PUMP",
			"OperationStartDate": time.Date(2019, 5, 14, 0, 0, 0, 0, time.UTC), "AcquisitionValue": decimal("18400.500"), "Currency": "EUR", "AssetManufacturerName": "Grundfos", "ManufacturerPartTypeName": "CR 32-4",
			"ManufacturerSerialNumber": fmt.Sprintf("SN%07d", i), "MaintenancePlant": "1010", "ABCIndicator": []string{"A", "B", "C", ""}[i%4], "FunctionalLocation": place, "FunctionalLocationLabelName": place,
			"CreationDate": stamp(i, equipment).Truncate(24 * time.Hour), "LastChangeDateTime": stamp(i, equipment), "EquipmentIsAvailable": true, "EquipmentIsMarkedForDeletion": false,
			"EquipmentIsInstalled": true, "EquipmentIsInactive": i%25 == 24}
		if i%7 == 6 {
			e["SuperordinateEquipment"] = equipmentID(i - 1)
			old := map[string]any{}
			for k, v := range e {
				old[k] = v
			}
			old["ValidityEndDate"], old["EquipmentName"] = time.Date(2023, 6, 30, 0, 0, 0, 0, time.UTC), "Former period"
			s.tables["Equipment"].insert(old)
		}
		s.tables["Equipment"].insert(e)
	}
}

// equipmentID is the number of a piece of equipment: 18 digits with leading zeros.
func equipmentID(i int) string { return fmt.Sprintf("%018d", 210100000+i) }

func (s *Server) seedPurchasing(n int, stamp func(int, int) time.Time) {
	for i := range n {
		id, at := s.number(s.tables["A_PurchaseOrder"]), stamp(i, n)
		s.tables["A_PurchaseOrder"].insert(map[string]any{"PurchaseOrder": id, "CompanyCode": "1010", "PurchaseOrderType": "NB", "PurchasingProcessingStatus": []string{"02", "05", "03", "02", "08"}[i%5],
			"CreatedByUser": "MMUSTER", "CreationDate": at.Truncate(24*time.Hour).AddDate(0, 0, -i%30), "LastChangeDateTime": at, "Supplier": supplier(i % len(s.tables["A_Supplier"].rows)), "Language": "EN", "PaymentTerms": "0004",
			"PurchasingOrganization": "1010", "PurchasingGroup": "001", "PurchaseOrderDate": at.Truncate(24*time.Hour).AddDate(0, 0, -i%30), "DocumentCurrency": "EUR", "ExchangeRate": decimal("1.00000"),
			"IncotermsClassification": "DAP", "IncotermsLocation1": "Łódź", "ReleaseIsNotCompleted": i%5 == 2})
		for l := 1; l <= 1+i%3; l++ {
			line := fmt.Sprintf("%05d", l*10)
			s.tables["A_PurchaseOrderItem"].insert(map[string]any{"PurchaseOrder": id, "PurchaseOrderItem": line, "PurchaseOrderItemText": "Seal ring", "Plant": "1010", "StorageLocation": "101A", "OrderQuantity": decimal(fmt.Sprintf("%d.500", l)),
				"PurchaseOrderQuantityUnit": "PC", "DocumentCurrency": "EUR", "NetPriceAmount": decimal("12.500"), "NetPriceQuantity": decimal([]string{"1", "100"}[l/3]), "IsCompletelyDelivered": i%5 == 1, "IsFinallyInvoiced": false, "Material": material(l)})
			s.tables["A_PurchaseOrderScheduleLine"].insert(map[string]any{"PurchasingDocument": id, "PurchasingDocumentItem": line, "ScheduleLine": "0001", "ScheduleLineDeliveryDate": at.Truncate(24*time.Hour).AddDate(0, 0, 14),
				"ScheduleLineOrderQuantity": decimal(fmt.Sprintf("%d.500", l))})
		}
	}
}

func (s *Server) seedNotifications(n int, stamp func(int, int) time.Time) {
	for i := range n {
		at := stamp(i, n)
		s.tables["MaintenanceNotification"].insert(map[string]any{"MaintenanceNotification": s.number(s.tables["MaintenanceNotification"]), "NotificationText": fmt.Sprintf("White water pump %d leaks – 漏れ", i), "MaintPriority": fmt.Sprint(1 + i%4), "NotificationType": "M1",
			"NotifProcessingPhase": fmt.Sprint(1 + i%4), "CreationDate": at.Truncate(24 * time.Hour), "CreationTime": at.Sub(at.Truncate(24 * time.Hour)), "LastChangeDateTime": at, "ReportedByUser": "MMUSTER",
			"RequiredStartDate": at.Truncate(24 * time.Hour), "RequiredStartTime": 6 * time.Hour, "MaintenanceObjectIsDown": i%2 == 0, "TechnicalObject": equipmentID(i % 20), "TechObjIsEquipOrFuncnlLoc": "EAMS_EQUI",
			"FunctionalLocation": "1010-PM00", "MaintenancePlanningPlant": "1010", "MaintenancePlant": "1010"})
	}
}

func (s *Server) seedMaintenance(n int, stamp func(int, int) time.Time) {
	phases := [][2]string{{phasePlanned, "CRTD"}, {phaseReleased, "REL"}, {phaseCompleted, "TECO"}, {phaseClosed, "CLSD"}}
	for i := range n {
		id, at, phase := s.number(s.tables["MaintenanceOrder"]), stamp(i, n), phases[i%4]
		s.tables["MaintenanceOrder"].insert(map[string]any{"MaintenanceOrder": id, "MaintenanceOrderType": "YA01", "MaintenanceOrderDesc": fmt.Sprintf("Überholung Pumpe %d", i), "MaintOrdBasicStartDateTime": at.Add(24 * time.Hour),
			"MaintOrdBasicEndDateTime": at.Add(48 * time.Hour), "MainWorkCenter": "RES-0100", "MainWorkCenterPlant": "1010", "MaintenancePlanningPlant": "1010", "MaintenancePlant": "1010", "MaintOrdProcessPhaseCode": phase[0],
			"SystemStatusText": phase[1], "Equipment": equipmentID(i % len(s.tables["Equipment"].group)), "FunctionalLocation": "1010-PM00", "MaintPriority": fmt.Sprint(1 + i%4), "Currency": "EUR", "LastChangeDateTime": at,
			"MaintOrderCreationDateTime": at.Add(-time.Hour)})
		s.tables["MaintenanceOrderOperation"].insert(map[string]any{"MaintenanceOrder": id, "MaintenanceOrderOperation": "0010", "MaintenanceOrderSubOperation": "", "OperationDescription": "Dismantle", "OperationControlProfile": "YBM1", "OperationIsConfirmed": phase[0] > phaseReleased})
		s.tables["MaintenanceOrderComponent"].insert(map[string]any{"MaintenanceOrder": id, "MaintenanceOrderOperation": "0010", "MaintenanceOrderSubOperation": "", "MaintenanceOrderComponent": "0010", "Product": material(i % 10),
			"RequirementQuantityInBaseUnit": decimal("2.000"), "QuantityWithdrawnInBaseUnit": decimal("0.000"), "BaseUnit": "PC", "Plant": "1010", "StorageLocation": "101A"})
	}
}

func (s *Server) seedStock(n int) {
	for i := range n {
		batch := ""
		if i%3 == 2 {
			batch = fmt.Sprintf("L2610-%04d", i)
		}
		s.tables["A_MatlStkInAcctMod"].insert(map[string]any{"Material": material(i % len(s.tables["A_Product"].rows)), "Plant": "1010", "StorageLocation": fmt.Sprintf("1%02dA", i/len(s.tables["A_Product"].rows)), "Batch": batch, "Supplier": "", "Customer": "",
			"WBSElementInternalID": "0", "SDDocument": "", "SDDocumentItem": "0", "InventorySpecialStockType": "", "InventoryStockType": "01", "MaterialBaseUnit": "PC", "MatlWrhsStkQtyInMatlBaseUnit": decimal(fmt.Sprintf("%d.25", i))})
	}
}

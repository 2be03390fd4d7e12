package s4

// Where the services are.
const (
	root2 = "/sap/opu/odata/sap/"
	root4 = "/sap/opu/odata4/sap/api_purchaseorder_2/srvd_a2x/sap/purchaseorder/0001"
)

// catalogue gives the services and their empty tables.
func catalogue() (map[string]*service, map[string]*table) {
	tables := map[string]*table{}
	for _, t := range append(purchasing(), append(maintenance(), masters()...)...) {
		t.index, t.group = map[string]*row{}, map[string][]*row{}
		tables[t.name] = t
	}
	services := map[string]*service{}
	add := func(path, name, version string, calls map[string]call, sets ...string) {
		s := &service{name: name, path: path, version: version, sets: map[string]*table{}, order: sets, calls: calls}
		for i, set := range sets {
			s.sets[set] = tables[set]
			if version == v4 {
				s.sets[set] = tables["A_"+set]
			}
			s.order[i] = set
		}
		services[path] = s
	}
	for name, sets := range map[string][]string{
		"API_PURCHASEORDER_PROCESS_SRV": {"A_PurchaseOrder", "A_PurchaseOrderItem", "A_PurchaseOrderScheduleLine", "A_PurchaseOrderNote"},
		"API_MAINTNOTIFICATION":         {"MaintenanceNotification"},
		"API_EQUIPMENT":                 {"Equipment"},
		"API_FUNCTIONALLOCATION":        {"FunctionalLocation"},
		"API_PRODUCT_SRV":               {"A_Product", "A_ProductDescription"},
		"API_BUSINESS_PARTNER":          {"A_BusinessPartner", "A_Supplier", "A_BusinessPartnerAddress"},
		"API_MATERIAL_STOCK_SRV":        {"A_MatlStkInAcctMod"},
		"API_PLANT_SRV":                 {"A_Plant"},
		"API_COMPANYCODE_SRV":           {"A_CompanyCode"},
	} {
		add(root2+name, name, v2, nil, sets...)
	}
	add(root2+"API_MAINTENANCEORDER", "API_MAINTENANCEORDER", v2, orderCalls(), "MaintenanceOrder", "MaintenanceOrderOperation", "MaintenanceOrderComponent")
	add(root4, "CE_PURCHASEORDER_0001", v4, nil, "PurchaseOrder", "PurchaseOrderItem")
	return services, tables
}

func purchasing() []*table {
	return []*table{
		{name: "A_PurchaseOrder", etag: true, writes: "cu", stamp: "LastChangeDateTime", number: "PurchaseOrder", first: 4500000000, members: members(`
PurchaseOrder:S10:k CompanyCode:S4:fm PurchaseOrderType:S4:fm PurchasingDocumentDeletionCode:S1 PurchasingProcessingStatus:S2:r CreatedByUser:S12:r CreationDate:D:r
LastChangeDateTime:O:r Supplier:S10:fm Language:S2 PaymentTerms:S4 PurchasingOrganization:S4:fm PurchasingGroup:S3:m PurchaseOrderDate:D DocumentCurrency:S5 ExchangeRate:N9.5
IncotermsClassification:S3 IncotermsLocation1:S70 ReleaseIsNotCompleted:B:r CorrespncExternalReference:S12 CorrespncInternalReference:S12`),
			leads: []lead{
				{name: "to_PurchaseOrderItem", plain: "_PurchaseOrderItem", to: "A_PurchaseOrderItem", many: true, inPart: true, on: [][2]string{{"PurchaseOrder", "PurchaseOrder"}}},
				{name: "to_PurchaseOrderNote", plain: "_PurchaseOrderNote", to: "A_PurchaseOrderNote", many: true, inPart: true, on: [][2]string{{"PurchaseOrder", "PurchaseOrder"}}},
			}},
		{name: "A_PurchaseOrderItem", writes: "cud", members: members(`
PurchaseOrder:S10:k PurchaseOrderItem:S5:k PurchasingDocumentDeletionCode:S1 PurchaseOrderItemText:S40 Plant:S4 StorageLocation:S4 MaterialGroup:S9 SupplierMaterialNumber:S35
OrderQuantity:N13.3 PurchaseOrderQuantityUnit:S3 DocumentCurrency:S5:r NetPriceAmount:N13.3 NetPriceQuantity:N5.0 TaxCode:S2 IsCompletelyDelivered:B IsFinallyInvoiced:B Material:S40`),
			leads: []lead{{name: "to_ScheduleLine", plain: "_PurchaseOrderScheduleLine", to: "A_PurchaseOrderScheduleLine", many: true, inPart: true,
				on: [][2]string{{"PurchaseOrder", "PurchasingDocument"}, {"PurchaseOrderItem", "PurchasingDocumentItem"}}}}},
		{name: "A_PurchaseOrderScheduleLine", writes: "cud", members: members(`
PurchasingDocument:S10:k PurchasingDocumentItem:S5:k ScheduleLine:S4:k ScheduleLineDeliveryDate:D ScheduleLineOrderQuantity:N13.3`)},
		{name: "A_PurchaseOrderNote", writes: "cud", members: members(`PurchaseOrder:S10:k TextObjectType:S4:k Language:S2:k PlainLongText:S0`)},
	}
}

func maintenance() []*table {
	order := [][2]string{{"MaintenanceOrder", "MaintenanceOrder"}}
	return []*table{
		{name: "MaintenanceOrder", etag: true, writes: "cu", stamp: "LastChangeDateTime", number: "MaintenanceOrder", first: 4000000, members: members(`
MaintenanceOrder:S12:k MaintenanceOrderType:S4:fm MaintenanceOrderDesc:S40:m MaintOrdBasicStartDateTime:O MaintOrdBasicEndDateTime:O MaintenanceNotification:S12:f
MainWorkCenter:S8 MainWorkCenterPlant:S4 MaintenancePlanningPlant:S4:fm MaintenancePlant:S4 MaintOrdProcessPhaseCode:S2:r MaintOrdProcessSubPhaseCode:S4:r CompanyCode:S4:r CostCenter:S10
Equipment:S18 FunctionalLocation:S30 MaintenanceActivityType:S3 MaintPriority:S1 Currency:S5:r LatestAcceptableCompletionDate:D MaintOrdPersonResponsible:S12 LastChangeDateTime:O:r
MaintOrderCreationDateTime:O:r MaintenancePlan:S12:r LeadingOrder:S12:r SystemStatusText:S40:rx`),
			leads: []lead{
				{name: "to_MaintenanceOrderOperation", to: "MaintenanceOrderOperation", many: true, inPart: true, on: order},
				{name: "to_MaintenanceOrderComponent", to: "MaintenanceOrderComponent", many: true, inPart: true, on: order},
			}},
		{name: "MaintenanceOrderOperation", writes: "cu", members: members(`
MaintenanceOrder:S12:k MaintenanceOrderOperation:S4:k MaintenanceOrderSubOperation:S4:k OperationDescription:S40 OperationControlProfile:S4 WorkCenter:S8 PlannedWorkQuantity:N7.1
ActualWorkQuantity:N7.1:r WorkQuantityUnit:S3 OperationIsConfirmed:B:r`)},
		{name: "MaintenanceOrderComponent", writes: "cu", members: members(`
MaintenanceOrder:S12:k MaintenanceOrderOperation:S4:k MaintenanceOrderSubOperation:S4:k MaintenanceOrderComponent:S4:k Product:S40 RequirementQuantityInBaseUnit:N13.3
QuantityWithdrawnInBaseUnit:N13.3:r BaseUnit:S3 Plant:S4 StorageLocation:S4`)},
		{name: "MaintenanceNotification", etag: true, writes: "cu", stamp: "LastChangeDateTime", number: "MaintenanceNotification", first: 10000000, members: members(`
MaintenanceNotification:S12:k NotificationText:S40:m MaintPriority:S1 NotificationType:S2:fm NotifProcessingPhase:S1:r NotifProcessingPhaseDesc:S60:r CreationDate:D:r CreationTime:T:r
LastChangeDateTime:O:r ReportedByUser:S12 MalfunctionStartDate:D MalfunctionStartTime:T RequiredStartDate:D RequiredStartTime:T RequiredEndDate:D RequiredEndTime:T
MaintenanceObjectIsDown:B MaintNotificationLongText:S0:r MaintNotifLongTextForEdit:S0 TechnicalObject:S40 TechObjIsEquipOrFuncnlLoc:S20 FunctionalLocation:S30:r
MaintenancePlanningPlant:S4 MaintenancePlant:S4 MainWorkCenter:S8 MaintenanceOrder:S12:r MaintNotifExtReferenceNumber:S20 MaintNotifProcessPhaseCode:S2:r MaintNotifProcessSubPhaseCode:S4:r`)},
		{name: "Equipment", etag: true, writes: "cu", stamp: "LastChangeDateTime", number: "Equipment", first: 10000000, members: members(`
Equipment:S18:k ValidityEndDate:D:kr ValidityStartDate:D EquipmentName:S40:m EquipmentCategory:S1:fm TechnicalObjectType:S10 OperationStartDate:D AcquisitionValue:N13.3 Currency:S5 AcquisitionDate:D
AssetManufacturerName:S30 ManufacturerPartTypeName:S20 ManufacturerSerialNumber:S30 MaintenancePlant:S4 AssetLocation:S10 ABCIndicator:S1 CompanyCode:S4 CostCenter:S10
FunctionalLocation:S30:r FunctionalLocationLabelName:S40 SuperordinateEquipment:S18 TechnicalObjectSortCode:S25 CreationDate:D:r LastChangeDateTime:O:r
EquipmentIsAvailable:B:r EquipmentIsMarkedForDeletion:B:r EquipmentIsInstalled:B:r EquipmentIsInactive:B:r`)},
		{name: "FunctionalLocation", etag: true, writes: "cu", stamp: "LastChangeDateTime", members: members(`
FunctionalLocation:S30:k FunctionalLocationLabelName:S40:f FunctionalLocationName:S40:m FunctionalLocationStructure:S5:f FunctionalLocationCategory:S1:fm SuperiorFunctionalLocation:S30
MaintenancePlant:S4 AssetLocation:S10 PlantSection:S3 TechnicalObjectType:S10 CreationDate:D:r LastChangeDateTime:O:r FuncnlLocIsMarkedForDeletion:B:r FunctionalLocationIsActive:B:r`)},
	}
}

func masters() []*table {
	partner := [][2]string{{"BusinessPartner", "BusinessPartner"}}
	return []*table{
		{name: "A_Product", etag: true, writes: "cu", stamp: "LastChangeDateTime", members: members(`
Product:S40:k ProductType:S4:fm CreationDate:D:r LastChangeDateTime:O:r IsMarkedForDeletion:B ProductOldID:S40 GrossWeight:N13.3 BaseUnit:S3:m ProductGroup:S9 ProductStandardID:S18
ManufacturerNumber:S10 ProductManufacturerNumber:S40 IndustrySector:S1:f CrossPlantStatus:S2`),
			leads: []lead{{name: "to_Description", to: "A_ProductDescription", many: true, inPart: true, on: [][2]string{{"Product", "Product"}}}}},
		{name: "A_ProductDescription", writes: "cu", members: members(`Product:S40:k Language:S2:k ProductDescription:S40`)},
		{name: "A_BusinessPartner", etag: true, writes: "u", day: "LastChangeDate", clock: "LastChangeTime", members: members(`
BusinessPartner:S10:k Supplier:S10:r Customer:S10:r BusinessPartnerCategory:S1:f BusinessPartnerFullName:S81:r OrganizationBPName1:S40 OrganizationBPName2:S40 SearchTerm1:S20 CreationDate:D:r CreationTime:T:r
LastChangeDate:D:r LastChangeTime:T:r BusinessPartnerIsBlocked:B IsMarkedForArchiving:B`),
			leads: []lead{
				{name: "to_BusinessPartnerAddress", to: "A_BusinessPartnerAddress", many: true, on: partner},
				{name: "to_Supplier", to: "A_Supplier", on: [][2]string{{"Supplier", "Supplier"}}},
			}},
		{name: "A_Supplier", etag: true, writes: "u", members: members(`
Supplier:S10:k SupplierName:S80:r SupplierFullName:S220:r SupplierAccountGroup:S4:r PostingIsBlocked:B PurchasingIsBlocked:B DeletionIndicator:B VATRegistration:S20 CreationDate:D:r`)},
		{name: "A_BusinessPartnerAddress", writes: "u", members: members(`
BusinessPartner:S10:k AddressID:S10:k CityName:S40 Country:S3 HouseNumber:S10 PostalCode:S10 Region:S3 StreetName:S60`)},
		{name: "A_MatlStkInAcctMod", members: members(`
Material:S40:k Plant:S4:k StorageLocation:S4:k Batch:S10:k Supplier:S10:k Customer:S10:k WBSElementInternalID:S24:k SDDocument:S10:k SDDocumentItem:S6:k InventorySpecialStockType:S1:k
InventoryStockType:S2:k MaterialBaseUnit:S3 MatlWrhsStkQtyInMatlBaseUnit:N31.14`)},
		{name: "A_Plant", members: members(`Plant:S4:k PlantName:S30 ValuationArea:S4 PlantCategory:S1 IsMarkedForArchiving:B`)},
		{name: "A_CompanyCode", members: members(`CompanyCode:S4:k CompanyCodeName:S25 CityName:S25 Country:S3 Currency:S5 VATRegistration:S20`)},
	}
}

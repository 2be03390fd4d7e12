package erp

// Invented names and things of industry from which the data are made.

type country struct {
	code, currency, phone, suffix, domain string
	cities                                []string
	postcode                              string // # is a digit, @ a letter
	streets                               []string
	families, given                       []string
	trades                                []string // what a company deals in, in its own language
	taxID                                 string
}

func countries() []country {
	return []country{
		{"DE", "EUR", "+49", "GmbH", "de", []string{"Schweinfurt", "Nürnberg", "Köln", "Gütersloh"}, "#####",
			[]string{"Industriestraße", "Am Güterbahnhof", "Gewerbering"}, []string{"Müller", "Groß", "Schäfer", "Vogel", "Brandt", "Köhler", "Weiß", "Lindner"},
			[]string{"Jürgen", "Anke", "Sören", "Heike"}, []string{"Wälzlager", "Dichtungstechnik", "Antriebe", "Hydraulik", "Normteile", "Messtechnik"}, "DE#########"},
		{"FR", "EUR", "+33", "SAS", "fr", []string{"Lyon", "Saint-Étienne", "Nîmes"}, "#####",
			[]string{"Rue de l'Usine", "Avenue des Forges"}, []string{"Lefèvre", "Dubois", "Garçon", "Benoît", "Morel", "Chérel"},
			[]string{"Hélène", "François", "Zoé"}, []string{"Roulements", "Étanchéité", "Moteurs", "Visserie", "Pneumatique"}, "FR##########"},
		{"SE", "SEK", "+46", "AB", "se", []string{"Göteborg", "Västerås", "Örebro"}, "### ##",
			[]string{"Verkstadsgatan", "Kullagervägen"}, []string{"Åkesson", "Öberg", "Lindström", "Sjöholm"},
			[]string{"Åsa", "Björn", "Märta"}, []string{"Kullager", "Tätningar", "Drivteknik", "Ventiler"}, "SE############"},
		{"PL", "PLN", "+48", "Sp. z o.o.", "pl", []string{"Łódź", "Wrocław", "Kraśnik"}, "##-###",
			[]string{"ul. Fabryczna", "ul. Składowa"}, []string{"Kowalski", "Wójcik", "Źrebiec", "Łukasik"},
			[]string{"Małgorzata", "Paweł", "Święto"}, []string{"Łożyska", "Uszczelki", "Napędy", "Śruby"}, "PL##########"},
		{"IT", "EUR", "+39", "S.r.l.", "it", []string{"Brescia", "Forlì", "Torino"}, "#####",
			[]string{"Via dell'Artigianato", "Via Officine"}, []string{"Rossi", "D'Angelo", "Niccolò", "Ferrari"},
			[]string{"Giulia", "Nicolò", "Desirée"}, []string{"Cuscinetti", "Guarnizioni", "Motori", "Valvole"}, "IT###########"},
		{"ES", "EUR", "+34", "S.L.", "es", []string{"Bilbao", "A Coruña", "Logroño"}, "#####",
			[]string{"Calle del Taller", "Polígono Industrial"}, []string{"Muñoz", "Ibáñez", "García", "Peñalver"},
			[]string{"Begoña", "Íñigo", "Nuria"}, []string{"Rodamientos", "Juntas", "Accionamientos"}, "ES@########"},
		{"GB", "GBP", "+44", "Ltd", "co.uk", []string{"Sheffield", "Coventry", "Newport"}, "S## #@@",
			[]string{"Foundry Lane", "Mill Road"}, []string{"Ferguson", "Hargreaves", "O'Neill", "Whitworth"},
			[]string{"Siân", "Duncan", "Imogen"}, []string{"Bearings", "Seals & Gaskets", "Power Transmission", "Fasteners"}, "GB#########"},
		{"US", "USD", "+1", "Inc.", "com", []string{"Cleveland", "Milwaukee", "St. Paul", "Cañon City"}, "#####-####",
			[]string{"Industrial Pkwy", "Commerce Dr"}, []string{"Great Basin", "Three Rivers", "Kowalczyk", "Peña", "Harper", "Blue Ridge"},
			[]string{"José", "Dakota", "Renée", "Wyatt"}, []string{"Bearing Supply", "Motor Works", "Fluid Power", "Hose & Fitting", "Automation"}, "##-#######"},
		{"JP", "JPY", "+81", "株式会社", "co.jp", []string{"大阪市", "名古屋市", "浜松市"}, "###-####",
			[]string{"工業団地", "本町"}, []string{"田中", "山本", "髙橋", "渡邊"},
			[]string{"健太", "美咲", "翔"}, []string{"軸受", "精機", "油圧", "計測"}, "T#############"},
		{"CZ", "CZK", "+420", "s.r.o.", "cz", []string{"Plzeň", "Žďár nad Sázavou", "Ústí nad Labem"}, "### ##",
			[]string{"Průmyslová", "Nádražní"}, []string{"Dvořák", "Růžička", "Černý", "Šťastný"},
			[]string{"Jiří", "Věra", "Ondřej"}, []string{"Ložiska", "Těsnění", "Pohony"}, "CZ########"},
	}
}

// product is a family of items; % in its name and text is a size.
type product struct {
	name, text, category, kind, unit string
	sizes                            []string
	low, high                        int64 // price in 1/10000
	stocked                          bool
}

const guarantee = "Delivery only with inspection certificate EN 10204-3.1; packing proof against corrosion; label with our item number in plain text and Code 128. " +
	"Store dry between 10 °C and 35 °C. Replacement types need written release by maintenance engineering. "

func products() []product {
	return []product{
		{"Deep groove ball bearing %", "single row, C3 clearance, sealed both sides", "Bearings", "PART", "PCE", []string{"6204-2RS", "6205-2RS", "6306-2Z", "6310 C3", "6212 M", "608-2Z"}, 21000, 1450000, true},
		{"Spherical roller bearing %", "tapered bore, brass cage", "Bearings", "PART", "PCE", []string{"22216 EK", "22320 CCK/W33", "23024 CC", "22208 E"}, 850000, 9800000, true},
		{"Spiral wound gasket %", "316L / graphite, EN 1514-2, inner and outer ring", "Gaskets", "PART", "PCE", []string{"DN 50 PN 40", "DN 80 PN 16", "DN 150 PN 25", "2″ 150 lb", "½″ 300 lb"}, 34000, 410000, true},
		{"O-ring %", "FKM 75 Shore A, black", "Gaskets", "PART", "PCE", []string{"Ø 25 × 3 mm", "Ø 112 × 5,3 mm", "Ø 8 × 1,5 mm"}, 900, 62000, true},
		{"Three-phase motor %", "IE3, IP55, 400 V Δ / 690 V Y, foot mounted", "Motors", "PART", "PCE", []string{"1,5 kW 4-pole B3", "5,5 kW 2-pole B5", "22 kW 4-pole B3", "110 kW 6-pole"}, 1890000, 98700000, true},
		{"Narrow V-belt %", "ISO 4184, raw edge, matched sets", "Drives", "PART", "PCE", []string{"SPB 2360", "SPA 1250", "XPZ 987", "SPC 4500"}, 83000, 780000, true},
		{"Hydraulic hose %", "2SN, EN 853, with crimped fittings", "Hydraulics", "PART", "MTR", []string{"DN 12 275 bar", "DN 20 215 bar", "DN 6 400 bar"}, 64000, 560000, true},
		{"Hex bolt %", "ISO 4017, 8.8, zinc flake", "Fasteners", "PART", "C62", []string{"M8×30", "M12×60", "M16×80", "M24×120"}, 800, 42000, true},
		{"Pressure transmitter %", "4…20 mA, HART, accuracy ±0,1 %, wetted parts 1.4404", "Instruments", "PART", "PCE", []string{"0…10 bar", "0…250 bar", "−1…3 bar"}, 1450000, 6400000, true},
		{"Lithium complex grease %", "NLGI 2, −30 to +150 °C", "Lubricants", "MATERIAL", "KGM", []string{"400 g cartridge", "18 kg pail", "180 kg drum"}, 52000, 190000, true},
		{"Steel plate S355J2 %", "EN 10025-2, shot blasted and primed", "Raw material", "MATERIAL", "KGM", []string{"8 mm", "15 mm", "40 mm"}, 9800, 21000, true},
		{"Gear pump %", "cast iron, shaft seal FKM", "Pumps", "FINISHED", "PCE", []string{"16 cm³/rev", "32 cm³/rev", "63 cm³/rev"}, 1900000, 7400000, true},
		{"Torque wrench %", "with calibration certificate", "Tools", "TOOL", "PCE", []string{"20–100 Nm", "60–320 Nm"}, 1200000, 4100000, false},
		{"Calibration on site, %", "per instrument, protocol included", "Services", "SERVICE", "HUR", []string{"pressure", "temperature", "torque"}, 780000, 1450000, false},
		{"Hire of scaffolding, %", "erection and dismantling apart", "Services", "RENTAL", "DAY", []string{"up to 6 m", "up to 18 m"}, 450000, 2300000, false},
	}
}

func units() []unit {
	u := func(id, name, code, base, factor string) unit {
		return unit{ID: id, Name: name, UNCode: optional(code), BaseUnit: optional(base), Factor: factor, Active: true}
	}
	return []unit{
		u("PCE", "piece", "H87", "", "1"), u("C62", "one", "C62", "", "1"), u("KGM", "kilogram", "KGM", "", "1"), u("GRM", "gram", "GRM", "KGM", "0.001"),
		u("TNE", "tonne", "TNE", "KGM", "1000"), u("MTR", "metre", "MTR", "", "1"), u("MMT", "millimetre", "MMT", "MTR", "0.001"), u("LTR", "litre", "LTR", "", "1"),
		u("HUR", "hour", "HUR", "", "1"), u("DAY", "day", "DAY", "HUR", "24"), u("SET", "set", "SET", "", "1"), u("ROL", "roll", "", "MTR", "50"), u("CAR", "carton of 12", "", "PCE", "12"),
	}
}

func currencies() []currency {
	return []currency{{ID: "EUR", Name: "Euro", Base: true}, {ID: "USD", Name: "US dollar"}, {ID: "GBP", Name: "Pound sterling"}, {ID: "SEK", Name: "Swedish krona"},
		{ID: "PLN", Name: "Złoty"}, {ID: "CZK", Name: "Czech koruna"}, {ID: "JPY", Name: "Yen"}}
}

func accounts() []account {
	a := func(code, kind, name string) account {
		return account{ID: "0000" + code, Code: code, Kind: kind, Name: name, Active: code != "4999"}
	}
	return []account{
		a("3000", "GL", "Raw materials and supplies"), a("4000", "GL", "Spare parts"), a("4100", "GL", "Maintenance services"), a("4200", "GL", "Tools and small equipment"),
		a("4300", "GL", "Energy and lubricants"), a("4999", "GL", "Clearing, closed"), a("7100", "CC", "Press shop"), a("7200", "CC", "Rolling mill"), a("7300", "CC", "Paint line"),
		a("7400", "CC", "Plant maintenance"), a("8001", "PROJ", "Line 4 rebuild"), a("8002", "PROJ", "Energy savings 2026"), a("9000", "BUDG", "Unplanned repairs"), a("9900", "STAT", "Statistical hours"),
	}
}

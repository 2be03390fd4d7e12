package cmms

import "github.com/busbar-dev/busbar/internal/sim/records"

// Shorthand for the members of records.
var (
	text   = records.Text
	number = records.Number
	count  = records.Count
	flag   = records.Bool
	at     = records.Time
	day    = records.Day
	word   = records.Word
	object = records.Object
	list   = records.List
)

// link is a reference to another record: {"id": 12}.
func link(name, table string) records.Member { return object(name, records.Ref("id", table)) }

// needs is a link that is never empty.
func needs(name, table string) records.Member {
	return object(name, records.Ref("id", table).Need()).Need()
}

func address() records.Member {
	return object("address", text("street"), text("postcode"), text("town"), text("country"))
}

func priority() records.Member { return word("priority", "1", "2", "3", "4", "5").Start(num("3")) }

// tables is everything that SimCMMS keeps.
func tables() []records.Table {
	table := func(name string, members ...records.Member) records.Table {
		return records.Table{Name: name, Members: members}
	}
	return []records.Table{
		table("sites", text("code").Need().Unique(), text("name").Need(), text("note"), address(), text("timeZone"), flag("active").Start(true)),
		table("places", text("code").Need().Unique(), text("name").Need(), needs("site", "sites"), link("parent", "places"),
			word("kind", "BUILDING", "LINE", "ROOM", "STORE", "BIN", "DOCK").Start("ROOM"), text("note"), flag("active").Start(true)),
		table("people", text("login").Need().Unique(), text("name").Need(), text("mail"), text("trade"), flag("active").Start(true)),
		table("crews", text("code").Need().Unique(), text("name").Need(), records.Refs("members", "people")),
		table("models", text("code").Need().Unique(), text("name").Need(), text("maker"), text("designation"), text("class")),
		table("suppliers", text("code").Need().Unique(), text("name").Need(), text("taxNo"), text("mail"), text("phone"), text("web"), address(),
			records.Plain("contacts", text("name"), text("role"), text("phone"), text("mail")), text("currency").Start("EUR"), text("terms"), flag("active").Start(true)),
		table("equipment", text("tag").Need().Unique(), text("name").Need(), text("note"), link("parent", "equipment"), needs("site", "sites"), link("place", "places"),
			link("model", "models"), text("class"), word("state", "RUNNING", "STANDBY", "STOPPED", "SCRAPPED").Start("RUNNING"), word("criticality", "A", "B", "C", "D"),
			text("maker"), text("designation"), text("serial"), link("supplier", "suppliers"), day("installedOn"), day("warrantyUntil"),
			object("purchase", number("amount"), text("currency")), flag("active").Start(true)),
		table("meters", needs("equipment", "equipment"), text("name").Need(), word("kind", "COUNTER", "GAUGE").Start("COUNTER"), text("unit"),
			object("last", number("value"), at("readAt")).Own()),
		table("readings", object("meter", records.Ref("id", "meters").Need()).Need().Fixed(), link("equipment", "equipment").Own(), number("value").Need(), text("unit").Own(),
			at("readAt"), link("readBy", "people"), flag("reset").Start(false)),
		table("parts", text("code").Need().Unique(), text("name").Need(), text("note"), word("kind", "SPARE", "CONSUMABLE", "TOOL").Start("SPARE"), text("group"),
			text("unit").Start("pcs"), text("maker"), text("makerNo"), text("ean"), number("unitCost"), text("currency").Start("EUR"), flag("stocked").Start(true), flag("active").Start(true),
			list("offers", needs("supplier", "suppliers"), text("no"), number("price"), text("currency"), count("leadDays"), number("minimum"))),
		table("stock", needs("part", "parts").Fixed(), needs("place", "places").Fixed(), number("onHand").Start(num("0")), number("reserved").Start(num("0")), number("available").Own(),
			text("unit"), number("min"), number("max"), number("reorderAt"), number("reorderQuantity"), at("countedAt").Own()),
		table("movements", text("number").Own(), word("kind", "ISSUE", "RECEIPT", "RETURN", "COUNT", "SCRAP").Need(), text("reference"), at("bookedAt"), link("bookedBy", "people"), text("note"),
			list("lines", needs("part", "parts"), needs("place", "places"), number("quantity").Need(), text("unit"))),
		table("plans", text("code").Need().Unique(), text("name").Need(), text("note"), records.Refs("equipment", "equipment"), word("state", "DRAFT", "ACTIVE", "PAUSED", "RETIRED").Start("DRAFT"),
			priority(), word("trigger", "CALENDAR", "METER", "BOTH").Start("CALENDAR"), count("everyDays"), link("meter", "meters"),
			object("step", number("value"), text("unit")), day("nextDue"), day("lastDone"),
			list("tasks", count("no"), text("text").Need()), list("parts", needs("part", "parts"), number("quantity").Need(), text("unit"), link("store", "places"))),
		table("requests", text("number").Own(), text("title").Need(), text("text"), word("state", "SUBMITTED", "APPROVED", "REJECTED", "CONVERTED", "RESOLVED").Own(), priority(),
			link("equipment", "equipment"), link("place", "places"), link("requester", "people"), link("workOrder", "work-orders").Own(), at("reportedAt"), text("externalId")),
		table("work-orders", orderMembers()...),
		table("requisitions", text("number").Own(), link("requester", "people"), word("state", "DRAFT", "SUBMITTED", "APPROVED", "REJECTED", "ORDERED", "CANCELLED").Own(),
			day("neededOn"), text("currency").Start("EUR"), number("total").Own(), text("externalId"),
			list("lines", count("no").Own(), link("part", "parts"), text("text"), number("quantity").Need(), text("unit"), number("price"), number("amount").Own(),
				link("supplier", "suppliers"), day("neededOn"), link("equipment", "equipment"), link("workOrder", "work-orders"))),
	}
}

func orderMembers() []records.Member {
	return []records.Member{
		text("number").Own(), text("title").Need(), text("text"), word("kind", "CORR", "PREV", "INSP", "PROJ", "EMER").Start("CORR"),
		word("state", "OPEN", "IN_PROGRESS", "ON_HOLD", "DONE", "CLOSED", "CANCELLED").Own(), priority(),
		link("equipment", "equipment"), link("place", "places"), link("site", "sites").Own(), link("plan", "plans"), link("request", "requests").Own(), link("parent", "work-orders"),
		link("requester", "people"), link("assignee", "people"), link("crew", "crews"),
		object("schedule", at("due"), at("start"), at("end")), object("actual", at("start"), at("end"), at("done")).Own(),
		count("estimateMinutes"), count("spentMinutes").Own(), count("downMinutes"),
		object("failure", text("problem"), text("cause"), text("remedy")),
		object("cost", number("labour").Own(), number("parts").Own(), number("other"), number("total").Own(), text("currency").Own()),
		text("report"), text("externalId"),
		list("tasks", count("no"), text("text").Need(), flag("done").Start(false)),
		list("parts", needs("part", "parts"), number("planned"), number("used").Start(num("0")), text("unit"), link("store", "places")),
		list("labour", needs("person", "people"), number("hours").Need(), at("startedAt"), number("cost").Own()),
	}
}

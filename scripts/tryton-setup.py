#!/usr/bin/python3
"""Fill a fresh Tryton database with a small company's purchasing: usage tryton-setup.py CONF URI NAME

Everything is made from fixed seeds; only dates follow the calendar (orders of the last 300 days)."""
import datetime
import random
import sys
from decimal import Decimal

from proteus import Model, Wizard, config

CONF, URI, DATABASE = sys.argv[1:4]
VENDORS, CUSTOMERS, PRODUCTS, ORDERS = 100, 20, 200, 100
CFG = config.set_trytond(URI, config_file=CONF)

from trytond.modules.account.tests.tools import (  # noqa: E402 (needs DB_NAME and the connection above)
    create_chart, create_fiscalyear, create_tax, get_accounts)
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences  # noqa: E402
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402
from trytond.transaction import Transaction  # noqa: E402

TODAY = datetime.date.today()
random.seed(42)


def make_company():
    """Company, countries, chart of accounts, fiscal year, an employee and a user without access to purchasing."""
    Country, Currency = Model.get('country.country'), Model.get('currency.currency')
    for code, name in [('DE', 'Germany'), ('US', 'United States'), ('GB', 'United Kingdom'), ('FR', 'France')]:
        Country(name=name, code=code).save()
    for code, name, symbol in [('USD', 'US Dollar', '$'), ('EUR', 'Euro', '€')]:
        currency = Currency(name=name, symbol=symbol, code=code, rounding=Decimal('0.01'))
        currency.rates.new(date=datetime.date(2020, 1, 1), rate=Decimal('1.0') if code == 'USD' else Decimal('0.8'))
        currency.save()
    usd, = Currency.find([('code', '=', 'USD')])
    create_company(currency=usd)
    company = get_company()
    User = Model.get('res.user')
    CFG._context = User.get_preferences(True, {})
    create_chart(company)
    set_fiscalyear_invoice_sequences(create_fiscalyear(company)).click('create_period')
    settle_in(company, Country.find([('code', '=', 'US')])[0])
    make_people(company)
    return company


def settle_in(company, country):
    """The company and its warehouse stand somewhere."""
    Location = Model.get('stock.location')
    place, = company.party.addresses
    place.street, place.city, place.postal_code, place.country = '1725 Slough Avenue\nSuite 200', 'Scranton', '18505', country
    place.save()
    warehouse, = Location.find([('type', '=', 'warehouse')])
    warehouse.address = place
    warehouse.save()


def make_people(company):
    User, Party, Employee = Model.get('res.user'), Model.get('party.party'), Model.get('company.employee')
    party = Party(name='Pam Buyer')
    party.save()
    employee = Employee(party=party, company=company)
    employee.save()
    admin = User(CFG.user)
    admin.employees.append(employee)
    admin.employee = employee
    admin.save()
    clerk = User(name='Clerk without purchasing', login='clerk', password='clerk-password', email='clerk@example.com')
    clerk.companies.append(type(company)(company.id))
    clerk.company = type(company)(company.id)
    clerk.save()
    CFG._context = User.get_preferences(True, {})


def address(i):
    city, country = random.choice([('Essen', 'DE'), ('Gary', 'US'), ('Leeds', 'GB'), ('Lyon', 'FR')])
    return {'street': '%d Mill Road\nGate %d' % (i, i % 5), 'city': city, 'postal_code': '%05d' % i, 'country': COUNTRIES[country]}


def make_parties(pool):
    Party = pool.get('party.party')
    def values(kind, i):
        return {
            'name': '%s %05d %s' % (kind, i, 'Größe & Søn GmbH' if i % 10 == 3 else 'GmbH'),
            'addresses': [('create', [address(i)])],
            'contact_mechanisms': [('create', [
                {'type': 'email', 'value': '%s%d@example.com' % (kind.lower(), i)},
                {'type': 'phone', 'value': '+49201%06d' % i},
                {'type': 'website', 'value': 'https://%s%d.example.com' % (kind.lower(), i)}])],
            'identifiers': [('create', [{'type': 'eu_vat', 'code': 'BE0403019261'}])] if i % 2 else [],
            'supplier_lead_time': datetime.timedelta(days=i % 30) if kind == 'Vendor' else None,
        }
    vendors = Party.create([values('Vendor', i) for i in range(VENDORS)])
    customers = Party.create([values('Customer', i) for i in range(CUSTOMERS)])
    Party.write([Party.create([values('Vendor', VENDORS)])[0]], {'active': False})
    return vendors, customers


def make_products(pool, accounts, tax, vendors):
    Template, Uom, Category = pool.get('product.template'), pool.get('product.uom'), pool.get('product.category')
    unit, = Uom.search([('symbol', '=', 'u')])
    kilogram, = Uom.search([('symbol', '=', 'kg')])
    accounting, taxed = Category.create([
        {'name': 'Spare parts', 'accounting': True, 'account_expense': accounts['expense'].id, 'account_revenue': accounts['revenue'].id},
        {'name': 'Taxed parts', 'accounting': True, 'account_expense': accounts['expense'].id, 'account_revenue': accounts['revenue'].id,
         'supplier_taxes': [('add', [tax.id])]}])
    bearings, = Category.create([{'name': 'Bearings'}])
    def values(i):
        uom = kilogram.id if i % 20 == 7 else unit.id
        return {
            'name': 'Bearing %05d' % i, 'code': '%06d' % i, 'type': 'service' if i % 25 == 24 else 'goods',
            'default_uom': uom, 'purchasable': True, 'purchase_uom': uom, 'categories': [('add', [bearings.id])],
            'account_category': (taxed if i % 4 == 0 else accounting).id, 'list_price': Decimal('12.50') + i,
            'cost_price_method': 'fixed',
            'products': [('create', [{'suffix_code': '-A' if i % 50 == 9 else None, 'description': 'Deep groove, no. %d' % i,
                'identifiers': [('create', [{'type': 'ean', 'code': ean13(i)}])] if i % 3 == 0 else [],
                'cost_price': Decimal(random.randint(100, 9999)) / 100}])],
            'product_suppliers': [('create', [{'party': vendors[i % len(vendors)].id, 'code': 'SUP-%d' % i, 'currency': CURRENCIES['USD'],
                'lead_time': datetime.timedelta(days=3 + i % 9),
                'prices': [('create', [{'quantity': 1.0, 'unit_price': Decimal(random.randint(100, 9999)) / 100}])]}])] if i % 2 == 0 else [],
        }
    templates = Template.create([values(i) for i in range(PRODUCTS)])
    for t in templates[::4]:  # half of the offers are for the variant, half for whatever the template stands for
        pool.get('purchase.product_supplier').write(list(t.product_suppliers), {'product': t.products[0].id})
    return [p for t in templates for p in t.products]


def ean13(i):
    digits = '400638%06d' % i
    total = sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(digits))
    return digits + str(-total % 10)


def make_orders(pool, vendors, products, term):
    """A hundred orders: drafts, quotations, confirmed, in process and cancelled ones."""
    Purchase = pool.get('purchase.purchase')
    def line():
        product = random.choice(products)
        return {'type': 'line', 'product': product.id, 'quantity': float(random.randint(1, 50)), 'unit': product.purchase_uom.id,
            'unit_price': Decimal(random.randint(100, 99999)) / 100, 'taxes': [('add', [t.id for t in product.supplier_taxes_used])]}
    def values(i):
        vendor = random.choice(vendors)
        lines = [line() for _ in range(random.randint(1, 4))]
        if i % 10 == 0:
            lines.append({'type': 'comment', 'description': 'Deliver to gate 5'})
        return {'party': vendor.id, 'invoice_address': vendor.addresses[0].id, 'payment_term': term.id, 'reference': 'EXT-%06d' % i,
            'description': 'Order of spare parts', 'comment': 'Call before delivery' if i % 7 == 0 else None,
            'currency': CURRENCIES['EUR' if i % 5 == 4 else 'USD'], 'purchase_date': TODAY - datetime.timedelta(days=3 * i),
            'invoice_method': 'shipment' if i % 2 else 'order', 'lines': [('create', lines)]}
    orders = Purchase.create([values(i) for i in range(ORDERS)])
    Purchase.quote(orders[20:])
    Purchase.confirm(orders[40:90])
    Transaction().tasks.clear()  # else confirmed orders are processed at once
    Purchase.process(orders[55:90])
    Purchase.cancel(orders[90:])
    return orders


def receive(order):
    """Goods of an order in process arrive and are put away."""
    ShipmentIn, Move = Model.get('stock.shipment.in'), Model.get('stock.move')
    shipment = ShipmentIn(supplier=order.party)
    for move in order.moves:
        shipment.incoming_moves.append(Move(move.id))
    shipment.save()
    shipment.click('receive')
    shipment.click('done')
    order.reload()


def settle(invoice, method, pay):
    """Post a supplier invoice, and pay it."""
    invoice.invoice_date = TODAY
    invoice.click('post')
    if pay:
        wizard = Wizard('account.invoice.pay', [invoice])
        wizard.form.payment_method = method
        wizard.form.date = TODAY
        wizard.execute('choice')


def work_through(ids, accounts):
    """Take some orders to their end: received and paid (done), received and invoiced, received only."""
    Purchase, Journal, Method = (Model.get(m) for m in ('purchase.purchase', 'account.journal', 'account.invoice.payment.method'))
    method = Method(name='Cash', journal=Journal.find([('type', '=', 'cash')])[0], credit_account=accounts['cash'], debit_account=accounts['cash'])
    method.save()
    for n, order in enumerate(Purchase(i) for i in ids):
        if order.moves:
            receive(order)
        if n % 3 < 2:
            for invoice in order.invoices:
                if order.currency.code == 'USD':
                    settle(invoice, method, pay=n % 3 == 0)


def count_stock(pool, products):
    """An inventory count puts goods into the storage location."""
    Inventory, Location = pool.get('stock.inventory'), pool.get('stock.location')
    storage, = Location.search([('code', '=', 'STO')])
    goods = [p for p in products if p.type == 'goods']
    inventory, = Inventory.create([{'location': storage.id, 'lines': [
        ('create', [{'product': p.id, 'quantity': float(i + 1), 'expected_quantity': 0.0} for i, p in enumerate(goods[:60])])]}])
    Inventory.confirm([inventory])


def sell(customers, product_id):
    """Customer invoices, one posted."""
    Invoice, Party, Product = Model.get('account.invoice'), Model.get('party.party'), Model.get('product.product')
    for n, customer in enumerate(customers[:5]):
        invoice = Invoice(type='out', party=Party(customer))
        line = invoice.lines.new()
        line.product = Product(product_id)
        line.quantity = 2.0 + n
        line.unit_price = Decimal('19.99')
        invoice.save()
        if n == 0:
            invoice.click('post')


company = make_company()
tax = create_tax(Decimal('.10'))
tax.save()
accounts = get_accounts(company)
term = Model.get('account.invoice.payment_term')(name='30 days')
term.lines.new(type='remainder').relativedeltas.new(days=30)
term.save()
COUNTRIES = {c.code: c.id for c in Model.get('country.country').find([])}
CURRENCIES = {c.code: c.id for c in Model.get('currency.currency').find([])}
with Transaction().start(DATABASE, CFG.user, context=CFG.context) as transaction:
    vendors, customers = make_parties(CFG.pool)
    products = make_products(CFG.pool, accounts, tax, vendors)
    orders = [o.id for o in make_orders(CFG.pool, vendors, products, term)]
    count_stock(CFG.pool, products)
    customer_ids, product_id = [c.id for c in customers], products[0].id
    transaction.commit()
work_through(orders[78:90], accounts)
sell(customer_ids, product_id)

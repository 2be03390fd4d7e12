# Fills an empty Odoo 14 with a small company: vendors, products, purchase orders in every state, stock, equipment and maintenance requests. Run inside `odoo shell`, which gives env.
import datetime

today = datetime.datetime.utcnow().replace(hour=8, minute=0, second=0, microsecond=0)
day = lambda n: today - datetime.timedelta(days=n)

company = env.ref('base.main_company')
company.write({'name': 'Alpen Papier GmbH', 'vat': 'ATU63611700', 'street': 'Industriezeile 50', 'city': 'Linz', 'zip': '4020',
               'country_id': env.ref('base.at').id})
env.ref('base.USD').active = True

# Logins. busbar has what docs say that Busbar needs, and logs in with an API key; clerk sees neither purchasing nor stock.
groups = ['purchase.group_purchase_manager', 'stock.group_stock_manager', 'stock.group_production_lot', 'stock.group_stock_multi_locations',
          'maintenance.group_equipment_manager', 'base.group_partner_manager', 'uom.group_uom']
user = env['res.users'].with_context(no_reset_password=True).create({'name': 'Busbar', 'login': 'busbar', 'password': 'busbar', 'email': 'busbar@example.com',
    'groups_id': [(6, 0, [env.ref('base.group_user').id] + [env.ref(g).id for g in groups])]})
env['res.users'].with_context(no_reset_password=True).create({'name': 'Clerk', 'login': 'clerk', 'password': 'clerk',
    'groups_id': [(6, 0, [env.ref('base.group_user').id])]})
open('/srv/odoo/data/busbar.key', 'w').write(env(user=user.id)['res.users.apikeys']._generate('rpc', 'busbar'))

terms = env['account.payment.term'].search([], limit=1) or env['account.payment.term'].create({'name': '30 Days'})
vendors = env['res.partner'].create([{'name': 'Vendor %05d' % i, 'is_company': True, 'supplier_rank': 1, 'ref': 'V%05d' % i, 'vat': 'BE0477472701' if i == 1 else False,
    'street': 'Quai %d' % i, 'city': 'Antwerpen', 'zip': '2000', 'country_id': env.ref('base.be').id, 'email': 'v%d@vendor.example' % i,
    'phone': '+32 3 555 %04d' % i, 'website': 'https://v%d.vendor.example' % i, 'property_supplier_payment_term_id': terms.id} for i in range(101)])
vendors[100].active = False
env['res.partner'].create([{'name': 'Customer %05d' % i, 'is_company': True, 'customer_rank': 1, 'ref': 'C%05d' % i, 'city': 'Wien', 'email': 'c%d@customer.example' % i,
    'phone': '+43 1 555 %04d' % i, 'website': 'https://c%d.customer.example' % i, 'street': 'Ring %d' % i, 'zip': '1010', 'country_id': env.ref('base.at').id,
    'vat': 'ATU63611700', 'property_payment_term_id': terms.id} for i in range(20)])

tax = env['account.tax'].create({'name': 'VAT 20%', 'amount': 20, 'type_tax_use': 'purchase'})
parts = env['product.product'].create([{'name': 'Bearing %05d' % i, 'default_code': 'P%05d' % i, 'type': 'service' if i % 25 == 24 else 'product', 'standard_price': 1.5 + i,
    'list_price': 3 + i, 'barcode': '40063800%05d' % i, 'tracking': 'lot' if i == 3 else 'none', 'description': 'Sealed on both sides', 'supplier_taxes_id': [(6, 0, [tax.id])],
    'seller_ids': [(0, 0, {'name': vendors[i % 50].id, 'price': 1.25 + i, 'min_qty': 1, 'delay': 7, 'product_code': 'SUP-%d' % i})]} for i in range(200)])

stock = env['stock.warehouse'].search([], limit=1).lot_stock_id
shelves = env['stock.location'].create([{'name': 'Shelf %d' % i, 'location_id': stock.id, 'usage': 'internal', 'barcode': 'SH-%d' % i} for i in range(5)])
lot = env['stock.production.lot'].create({'name': 'L2610-0042', 'product_id': parts[3].id, 'company_id': company.id})
for i in range(60):
    if parts[i].type == 'product':
        env['stock.quant']._update_available_quantity(parts[i], shelves[i % 5], 10 + i, lot_id=lot if i == 3 else None)

orders = env['purchase.order']
for i in range(100):
    orders += env['purchase.order'].create({'partner_id': vendors[i % 50].id, 'partner_ref': 'EXT-%06d' % i, 'date_order': day(3 * (i % 60)), 'notes': 'Deliver to gate 5',
        'user_id': user.id, 'payment_term_id': terms.id, 'currency_id': env.ref('base.USD').id if i == 4 else company.currency_id.id,
        'order_line': [(0, 0, {'product_id': p.id, 'name': p.name, 'product_qty': 1 + (i + n) % 9, 'product_uom': p.uom_id.id, 'price_unit': 12.5 + n, 'sequence': 10 * (n + 1),
                               'date_planned': day(-10), 'taxes_id': [(6, 0, [tax.id])]}) for n, p in enumerate(parts[j % 200] for j in range(i, i + 1 + i % 3))]})
orders[40:60].write({'state': 'sent'})
orders[60:90].button_confirm()
orders[85:90].button_done()
orders[90:].button_cancel()

crew = env['maintenance.team'].create([{'name': 'Mechanical workshop', 'member_ids': [(6, 0, [user.id])]}, {'name': 'Electrical workshop'}])
kinds = env['maintenance.equipment.category'].create([{'name': n} for n in ('Pumps', 'Motors', 'Presses')])
machines = env['maintenance.equipment'].create([{'name': 'Pump %05d' % i, 'serial_no': 'SN-%07d' % i, 'category_id': kinds[i % 3].id, 'maintenance_team_id': crew[i % 2].id,
    'partner_id': vendors[i % 50].id, 'model': 'CR 32-4', 'note': 'Feeds the disc filter', 'cost': 18400, 'warranty_date': day(-400).date(), 'effective_date': day(900).date(),
    'location': 'Line %d' % (i % 4)} for i in range(60)])
machines[59].active = False
stages = env['maintenance.stage'].search([], order='sequence')
requests = env['maintenance.request'].create([{'name': 'Pump %d leaks' % i, 'description': 'Puddle at the drive side', 'equipment_id': machines[i % 59].id,
    'maintenance_type': ('corrective', 'preventive')[i % 2], 'priority': str(i % 4), 'stage_id': stages[i % len(stages)].id, 'schedule_date': day(-(i % 20)), 'duration': 1.5,
    'user_id': user.id, 'maintenance_team_id': crew[i % 2].id} for i in range(120)])
requests[119].archive_equipment_request()
env.cr.commit()

const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["builder.js","rolldown-runtime.js","index.js","infiniteQueryOptions.js","jsx-runtime.js","queries.js","say.js","index.css","browser.js","badge.js","webhook.js","copy.js","check.js","plus.js","chooser.js","useInfiniteQuery.js","rows.js","parameter.js","json.js","builder.css"])))=>i.map(i=>d[i]);
import{r as e}from"./rolldown-runtime.js";import{_ as t,r as n,t as r,v as i}from"./index.js";import{n as a,t as o}from"./jsx-runtime.js";import{t as s}from"./browser.js";import{a as c,r as l}from"./say.js";var u=`flow: goods-receipt-to-stock
title: Goods received by the ERP are put into the stores of the CMMS
description: >-
  What a goods receipt of the ERP brings of the parts that the CMMS knows by their code is booked there as a receipt, under the number of the goods receipt.
  A goods receipt that is booked already, or brings no such parts, is skipped.
connections:
  erp: {title: Where goods are received}
  cmms: {title: Where parts are kept in stores}
parameters:
  storeroom: {type: text, required: true, title: Code of the CMMS's location into which the goods are put}
  units: {type: object, title: The CMMS's words for the units of the ERP, default: {}}
trigger:
  change: {connection: erp, entity: goods-receipts, types: [created, updated], where: record.status == "received"}
steps:
  - id: receipts
    each:
      in: trigger.changes
      on_error: retry
      retry: {attempts: 3, wait: 1m}
      steps:
        - id: booked
          find: {connection: cmms, entity: stock-adjustments, by: {reference: '\${item.record.number}', type: receipt}, none: empty}
        - id: new
          filter: steps.booked == nil
        - id: items
          get: {connection: erp, entity: items, id: '\${map(item.record.lines, #.item_id)}'}
        - id: parts
          find: {connection: cmms, entity: items, by: {code: '\${map(steps.items, #?.code)}'}, none: empty}
        - id: ours
          filter: 'any(steps.parts, # != nil)'
        - id: store
          find: {connection: cmms, entity: locations, by: {code: '\${params.storeroom}'}}
        - id: receipt
          write:
            connection: cmms
            entity: stock-adjustments
            op: create
            data:
              type: receipt
              reference: \${item.record.number}
              posted_at: \${item.record.received_at}
              lines: >-
                \${filter(map(item.record.lines, {{
                item_id: steps.parts[#index]?.id,
                location_id: steps.store.id,
                quantity: {value: #.quantity.value, unit: params.units[#.quantity.unit] ?? #.quantity.unit}
                }}), #.item_id != nil)}
`,d=`flow: import-csv
title: Items from CSV files are made and changed in the ERP
description: >-
  Every item that a file of items brings or changes is made or changed in the ERP. An item is told by its code: a file that comes again changes nothing.
  What the file does not say stays in the ERP as it is. Items that are missing from a later file are left alone.
connections:
  files: {system: file-drop, title: The directory or SFTP server to which files are dropped}
  erp: {title: Where items are needed}
parameters:
  units: {type: object, title: The ERP's words for the units of the files, default: {}}
trigger:
  change: {connection: files, entity: items, types: [created, updated], from: start, batch: 500}
steps:
  - id: items
    each:
      in: trigger.changes
      batch_size: 100
      max_failures: 20%
      steps:
        - id: row
          transform:
            code: \${item.record.code}
            name: \${item.record.name}
            description: \${item.record.description}
            type: '\${item.record.type == "other" ? nil : item.record.type}'
            category: \${item.record.category}
            unit: \${params.units[item.record.unit] ?? item.record.unit}
            manufacturer: \${item.record.manufacturer}
            part_number: \${item.record.part_number}
            barcode: \${item.record.barcode}
            cost: \${item.record.cost}
        - id: item
          write:
            connection: erp
            entity: items
            op: upsert
            by: {code: '\${item.record.code}'}
            data: '\${fromPairs(filter(toPairs(steps.row), #[1] != nil))}'
`,f=`flow: mirror-vendors
title: Vendors of one system are kept in another
description: >-
  Every vendor that is made or changed in the source is made or changed in the target. A vendor is told by its code: one that is met again is the same one.
  What the source does not say stays in the target as it is.
connections:
  source: {title: Where vendors are kept}
  target: {title: Where they are needed too}
trigger:
  change: {connection: source, entity: vendors, types: [created, updated], where: record.code != nil, from: start}
steps:
  - id: vendors
    each:
      in: trigger.changes
      on_error: retry
      retry: {attempts: 3, wait: 1m}
      steps:
        - id: known
          transform:
            code: \${item.record.code}
            name: \${item.record.name}
            tax_number: \${item.record.tax_number}
            email: \${item.record.email}
            phone: \${item.record.phone}
            website: \${item.record.website}
            address: \${item.record.address}
            currency: \${item.record.currency}
            is_active: \${item.record.is_active}
        - id: vendor
          write:
            connection: target
            entity: vendors
            op: upsert
            by: {code: '\${item.record.code}'}
            data: '\${fromPairs(filter(toPairs(steps.known), #[1] != nil))}'
`,p=`flow: nightly-export
title: Orders are handed over as CSV files every night
description: >-
  Each night every purchase order that was sent to its vendor is put out as a CSV file, over SFTP or into a directory, for a system that takes files.
  The file carries the order's number in its notes: an order that the other system has taken and given back is not put out again.
  Vendors and items are named by their codes.
connections:
  erp: {title: Where orders are placed}
  files: {system: file-drop, title: The directory or SFTP server from which files are taken}
trigger:
  schedule: {cron: "0 1 * * *", time_zone: Europe/Berlin}
runs: {at_once: 1, more: skip}
steps:
  - id: sent
    list: {connection: erp, entity: purchase-orders, where: record.status == "sent"}
  - id: orders
    each:
      in: sent
      batch_size: 100
      steps:
        - id: taken
          find: {connection: files, entity: purchase-orders, by: {notes: 'Order \${item.number}'}, none: empty}
        - id: new
          filter: steps.taken == nil
        - id: vendor
          get: {connection: erp, entity: vendors, id: '\${item.vendor_id}'}
        - id: items
          get: {connection: erp, entity: items, id: '\${map(item.lines, #.item_id)}'}
        - id: file
          write:
            connection: files
            entity: purchase-orders
            op: create
            data:
              vendor: {remote_id: '\${steps.vendor.code}'}
              order_date: \${item.order_date}
              required_date: \${item.required_date}
              currency: \${item.currency}
              notes: Order \${item.number}
              lines: >-
                \${map(item.lines, {{
                line_number: #.line_number,
                item: {remote_id: steps.items[#index].code},
                description: #.description,
                quantity: {value: #.quantity.value, unit: #.quantity.unit},
                unit_price: #.unit_price,
                required_date: #.required_date
                }})}
`,m=`flow: overdue-work-orders
title: Somebody is told of overdue work orders
description: >-
  On every working day a message goes to a webhook for each work order that should be done by now and is not.
  Its data say in \`alert\` which work order and which day, so that the receiver can tell a message that it has had.
connections:
  cmms: {title: Where work orders are done}
parameters:
  url: {type: text, required: true, title: Address to which the messages are posted}
  signing_secret: {type: secret, required: true, title: 'Secret that signs the messages (Standard Webhooks: whsec_…)'}
trigger:
  schedule: {cron: "0 6 * * 1-5", time_zone: Europe/Berlin}
runs: {at_once: 1, more: skip}
steps:
  - id: late
    list:
      connection: cmms
      entity: work-orders
      where: record.status in ["requested", "planned", "approved", "scheduled", "in_progress", "on_hold"] && record.due_at != nil && record.due_at < run.now
  - id: orders
    each:
      in: late
      on_error: retry
      retry: {attempts: 5, wait: 1m}
      steps:
        - id: told
          notify:
            webhook: {url: '\${params.url}', secret: '\${params.signing_secret}'}
            data:
              alert: \${item.number} \${run.now[:10]}
              number: \${item.number}
              title: \${item.title}
              priority: \${item.priority}
              status: \${item.status}
              due_at: \${item.due_at}
              record: \${item.id}
`,h=`flow: requisition-to-purchase-order
title: Approved requisitions become purchase orders
description: >-
  Each night every approved requisition of the CMMS becomes a purchase order of the ERP, 50 at a time, two seconds apart, and is marked as ordered.
  The order carries the requisition's number in its notes: a requisition whose order is there is not ordered again, only marked.
  Vendor and items are those with the same code in the ERP; a requisition for which one is missing, or that names several vendors, fails and says so.
connections:
  cmms: {title: Where requisitions are made}
  erp: {title: Where orders are placed}
parameters:
  units: {type: object, title: The ERP's words for the units of the CMMS, default: {}}
trigger:
  schedule: {cron: "0 2 * * *", time_zone: Europe/Berlin}
runs: {at_once: 1, more: skip}
steps:
  - id: approved
    list: {connection: cmms, entity: purchase-requisitions, where: record.status == "approved"}
  - id: requisitions
    each:
      in: approved
      batch_size: 50
      delay: 2s
      steps:
        - id: ordered
          find: {connection: erp, entity: purchase-orders, by: {notes: 'Requisition \${item.number}'}, none: empty}
        - id: ordering
          branch:
            - if: steps.ordered == nil
              steps:
                - id: suggested
                  get: {connection: cmms, entity: vendors, id: '\${uniq(map(item.lines, #.vendor_id))}'}
                - id: vendor
                  find: {connection: erp, entity: vendors, by: {code: '\${join(map(steps.suggested, #?.code ?? "no vendor"), ", ")}'}}
                - id: parts
                  get: {connection: cmms, entity: items, id: '\${map(item.lines, #.item_id)}'}
                - id: items
                  find: {connection: erp, entity: items, by: {code: '\${map(steps.parts, #?.code)}'}}
                - id: order
                  write:
                    connection: erp
                    entity: purchase-orders
                    op: create
                    data:
                      vendor_id: \${steps.vendor.id}
                      required_date: \${item.required_date}
                      currency: \${item.currency}
                      notes: Requisition \${item.number}
                      lines: >-
                        \${map(item.lines, {{
                        item_id: steps.items[#index]?.id,
                        description: #.description ?? steps.parts[#index]?.name,
                        quantity: {value: #.quantity.value, unit: params.units[#.quantity.unit] ?? #.quantity.unit},
                        unit_price: #.unit_price
                        }})}
        - id: marked
          write: {connection: cmms, entity: purchase-requisitions, op: update, id: '\${item.id}', data: {status: ordered}}
`,g=`flow: work-order-parts-to-stock-issue
title: Parts used by work orders leave the stock of the ERP
description: >-
  When a work order of the CMMS is closed, the parts that it has used are issued from the ERP's stock in one booking, under the number of the work order.
  A work order whose parts are issued already is skipped. Items are those with the same code in the ERP; a work order with a part that the ERP does not know fails and says so.
connections:
  cmms: {title: Where work orders are done}
  erp: {title: Where stock is kept}
parameters:
  storeroom: {type: text, required: true, title: Code of the ERP's location from which parts are issued}
  units: {type: object, title: The ERP's words for the units of the CMMS, default: {}}
trigger:
  change:
    connection: cmms
    entity: work-orders
    types: [created, updated]
    where: record.status == "closed" && any(record.parts ?? [], decimalCompare(#.used_quantity?.value ?? "0", "0") > 0)
steps:
  - id: orders
    each:
      in: trigger.changes
      on_error: retry
      retry: {attempts: 3, wait: 1m}
      steps:
        - id: issued
          find: {connection: erp, entity: stock-adjustments, by: {reference: '\${item.record.number}', type: issue}, none: empty}
        - id: new
          filter: steps.issued == nil
        - id: used
          transform:
            parts: \${filter(item.record.parts, decimalCompare(#.used_quantity?.value ?? "0", "0") > 0)}
        - id: parts
          get: {connection: cmms, entity: items, id: '\${map(steps.used.parts, #.item_id)}'}
        - id: items
          find: {connection: erp, entity: items, by: {code: '\${map(steps.parts, #.code)}'}}
        - id: store
          find: {connection: erp, entity: locations, by: {code: '\${params.storeroom}'}}
        - id: issue
          write:
            connection: erp
            entity: stock-adjustments
            op: create
            data:
              type: issue
              reference: \${item.record.number}
              notes: \${item.record.title}
              lines: >-
                \${map(steps.used.parts, {{
                item_id: steps.items[#index].id,
                location_id: steps.store.id,
                quantity: {value: decimalSubtract("0", #.used_quantity.value), unit: params.units[#.used_quantity.unit] ?? #.used_quantity.unit}
                }})}
`,_=e(a(),1),v=o(),y=(0,_.lazy)(()=>r(()=>import(`./builder.js`),__vite__mapDeps([0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]))),b=Object.values(Object.assign({"../../../../examples/flows/goods-receipt-to-stock.yaml":u,"../../../../examples/flows/import-csv.yaml":d,"../../../../examples/flows/mirror-vendors.yaml":f,"../../../../examples/flows/nightly-export.yaml":p,"../../../../examples/flows/overdue-work-orders.yaml":m,"../../../../examples/flows/requisition-to-purchase-order.yaml":h,"../../../../examples/flows/work-order-parts-to-stock-issue.yaml":g})).map(e=>({text:e,...s(e)})),x=`flow: new-flow
title: A new flow
connections: {}
steps: []
`;function S(){let[e,r]=(0,_.useState)(),a=i();return(0,v.jsx)(n,{crumbs:(0,v.jsx)(t,{to:`/flows`,className:`hover:underline`,children:`Flows`}),title:`New flow`,lead:e?void 0:`Begin with one that does nearly what you want, or with nothing.`,children:e===void 0?(0,v.jsx)(`ul`,{className:`grid gap-4 sm:grid-cols-2 xl:grid-cols-3`,children:[...b,{text:x,flow:`new-flow`,title:`An empty flow`,description:`Nothing in it yet.`}].map(e=>(0,v.jsxs)(`li`,{className:`flex flex-col gap-2 rounded-xl border border-line bg-surface p-4`,children:[(0,v.jsx)(`h2`,{children:e.title??e.flow}),(0,v.jsx)(`p`,{className:`flex-1 text-sm text-muted`,children:e.description}),(0,v.jsx)(c,{className:`self-start`,onClick:()=>r(e.text),children:`Begin with it`})]},e.flow))}):(0,v.jsx)(_.Suspense,{fallback:(0,v.jsx)(l,{rows:10}),children:(0,v.jsx)(y,{begin:e,saved:e=>void a({to:`/flows/$name`,params:{name:e}})})})})}export{S as default};
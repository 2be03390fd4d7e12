"""A transaction inside Tryton's own code: usage inside.py CONF DATABASE. Each line of the input is a command in JSON, each line of the output its answer:
{"sql": TEXT, "values": [...]} with ? for values; {"model": NAME, "method": NAME, "ids": [...], "args": [...]}; {"commit": true}. Without a
commit the end of the input rolls back."""
import json
import os
import sys

from trytond.config import config

CONF, DATABASE = sys.argv[1:3]
config.update_etc(CONF)

from trytond import backend  # noqa: E402 (needs the configuration)
from trytond.pool import Pool  # noqa: E402
from trytond.transaction import Transaction  # noqa: E402


def records(name, ids):
    if DATABASE not in Pool.database_list():
        Pool(DATABASE).init()
    Model = Pool(DATABASE).get(name)
    return Model, Model.browse(ids)


def run(transaction, command):
    if 'sql' in command:
        cursor = transaction.connection.cursor()
        text = command['sql'] if backend.name == 'sqlite' else command['sql'].replace('%', '%%').replace('?', '%s')
        cursor.execute(text, command['values'] or [])
        return [list(row) for row in cursor.fetchall()] if cursor.description else []
    if 'model' in command:
        Model, rows = records(command['model'], command['ids'])
        getattr(Model, command['method'])(rows, *command['args'] or [])
        return []
    transaction.commit()
    return []


def answer(value):
    print(json.dumps(value, default=str), flush=True)


with Transaction().start(DATABASE, 1) as transaction:
    for line in sys.stdin:
        try:
            answer({'rows': run(transaction, json.loads(line))})
        except Exception as e:
            answer({'error': '%s: %s' % (type(e).__name__, e)})
    transaction.rollback()
os._exit(0)  # Tryton's listeners are threads that do not end

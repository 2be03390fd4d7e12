// What the server keeps, in memory.
const kept = new Map();
const now = () => Date.now();

export const clients = new Map();

const live = (entry) => (entry && entry.until > now() ? entry.payload : undefined);

export class Memory {
  constructor(model) { this.model = model; }

  at(id) { return `${this.model} ${id}`; }

  async find(id) { return this.model === 'Client' ? clients.get(id) : live(kept.get(this.at(id))); }

  async upsert(id, payload, seconds) {
    kept.set(this.at(id), { payload, until: seconds === undefined ? Infinity : now() + seconds * 1000 });
  }

  async findByUid(uid) {
    return [...kept.entries()].filter(([at]) => at.startsWith(`${this.model} `)).map(([, entry]) => live(entry)).find((payload) => payload?.uid === uid);
  }

  async findByUserCode() { return undefined; }

  async consume(id) { kept.get(this.at(id)).payload.consumed = Math.floor(now() / 1000); }

  async destroy(id) { kept.delete(this.at(id)); }

  async revokeByGrantId(grantId) { forget((payload) => payload.grantId === grantId); }
}

function forget(matches) {
  let n = 0;
  for (const [at, { payload }] of kept) {
    if (matches(payload)) { kept.delete(at); n += 1; }
  }
  return n;
}

// grants ends whatever a person has granted, or all tokens of a kind.
export const grants = {
  revoke: (sub) => forget((payload) => payload.accountId === sub && payload.kind !== 'Session'),
  forget: (kind) => forget((payload) => payload.kind === kind),
};

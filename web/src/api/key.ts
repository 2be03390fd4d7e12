/** newKey gives an idempotency key, also on pages that did not come by HTTPS. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Digest sums up texts: the same texts, in whatever pieces, give the same sum. It tells files apart and keeps no secret. */
export class Digest {
  private h = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef];

  add(text: string) {
    let [a, b, c, d] = this.h as [number, number, number, number];
    for (let i = 0; i < text.length; i++) {
      const k = text.charCodeAt(i);
      a = b ^ Math.imul(a ^ k, 597399067);
      b = c ^ Math.imul(b ^ k, 2869860233);
      c = d ^ Math.imul(c ^ k, 951274213);
      d = a ^ Math.imul(d ^ k, 2716044179);
    }
    this.h = [a, b, c, d];
  }

  sum(): string {
    return this.h.map((v) => (v >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

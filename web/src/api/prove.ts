/** A session proves again who it belongs to before acts of weight. Whoever asks waits for the one answer; the dialog of the shell gives it. */
type Ask = (proven: boolean) => void;

let waiting: Ask[] = [];
const listeners = new Set<() => void>();
let provenAt = -Infinity;

const tell = () => listeners.forEach((l) => l());

/** askProof asks the person for the password. It gives whether that was done. */
export function askProof(): Promise<boolean> {
  return new Promise((answer) => {
    waiting = [...waiting, answer];
    tell();
  });
}

/** answerProof ends the asking. */
export function answerProof(proven: boolean) {
  const all = waiting;
  waiting = [];
  if (proven) provenAt = performance.now();
  tell();
  for (const answer of all) answer(proven);
}

/** provenSince tells whether the session got a new secret after a request was sent. */
export const provenSince = (sent: number) => provenAt >= sent;

export const proofAsked = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  get: () => waiting.length > 0,
};

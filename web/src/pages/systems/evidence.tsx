import type { Schema } from "@/api/client";
import { Badge, type Tone } from "@/ui/badge";

const kinds: [word: string, tone: Tone, meaning: string][] = [
  ["live", "good", "A test does it against the real system, in the version that stands behind the word."],
  ["simulated", "busy", "A test does it against a simulator that is built from the vendor's documentation, or is the simulator itself."],
  ["documented", "quiet", "It is built after the vendor's documentation. No test has done it yet: try it in a test system first."],
];

/** Evidence explains the words that say how it is known that something works. */
export function Evidence() {
  return (
    <dl className="grid gap-x-6 gap-y-3 text-sm sm:grid-cols-3">
      {kinds.map(([word, tone, meaning]) => (
        <div key={word} className="space-y-1">
          <dt><Badge tone={tone}>{word}</Badge></dt>
          <dd className="text-muted">{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Proof says how much of what a system allows is known, and how. */
export function Proof({ of }: { of: Schema<"EntityCapability">[] }) {
  const words = of.flatMap((e) => [e.read, e.create, e.update, e.delete]).filter((c) => c.supported).map((c) => (c.evidence ?? "documented").split(" ")[0]);
  return (
    <span className="flex flex-wrap gap-1.5">
      {kinds.map(([word, tone]) => {
        const n = words.filter((w) => w === word).length;
        return n ? <Badge key={word} tone={tone}>{n} {word}</Badge> : null;
      })}
    </span>
  );
}

/** Line is a line of a difference: of both texts, taken out, or put in. */
export interface Line {
  kind: "same" | "out" | "in";
  text: string;
  before?: number;
  after?: number;
}

/** Gap stands for lines that are the same in both and not shown. */
export interface Gap {
  kind: "gap";
  lines: number;
}

/** differ compares two texts line by line; around each change a few lines are kept. */
export function differ(before: string, after: string, around = 3): (Line | Gap)[] {
  const a = before.trimEnd().split("\n");
  const b = after.trimEnd().split("\n");
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let same = 0;
  while (same < a.length - from && same < b.length - from && a[a.length - 1 - same] === b[b.length - 1 - same]) same++;
  const head = a.slice(0, from).map((text, i): Line => ({ kind: "same", text, before: i + 1, after: i + 1 }));
  const tail = a.slice(a.length - same).map((text, i): Line => ({ kind: "same", text, before: a.length - same + i + 1, after: b.length - same + i + 1 }));
  return fold([...head, ...middle(a.slice(from, a.length - same), b.slice(from, b.length - same), from), ...tail], around);
}

/** middle compares by the longest common subsequence. */
function middle(a: string[], b: string[], at: number): Line[] {
  const most = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) most[i]![j] = a[i] === b[j] ? most[i + 1]![j + 1]! + 1 : Math.max(most[i + 1]![j]!, most[i]![j + 1]!);
  }
  const out: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) out.push({ kind: "same", text: a[i]!, before: at + ++i, after: at + ++j });
    else if (i < a.length && (j >= b.length || most[i + 1]![j]! >= most[i]![j + 1]!)) out.push({ kind: "out", text: a[i]!, before: at + ++i });
    else out.push({ kind: "in", text: b[j]!, after: at + ++j });
  }
  return out;
}

function fold(lines: Line[], around: number): (Line | Gap)[] {
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - around), i + around + 1).some((l) => l.kind !== "same"));
  const out: (Line | Gap)[] = [];
  lines.forEach((l, i) => {
    const last = out.at(-1);
    if (near[i]) out.push(l);
    else if (last?.kind === "gap") last.lines++;
    else out.push({ kind: "gap", lines: 1 });
  });
  return out;
}

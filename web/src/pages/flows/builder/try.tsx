import { FlaskConical } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/button";
import { Field, input, TextField } from "@/ui/field";
import { Panel } from "@/ui/panel";
import { Failure } from "@/ui/say";

/** Sample is what a test run is given. */
export interface Sample {
  most?: number;
  records?: string[];
  input?: unknown;
  items?: Record<string, unknown[]>;
}

interface Props {
  busy: boolean;
  wrong: boolean;
  error: unknown;
  eaches: string[];
  run: (s: Sample) => void;
}

/** Try asks for sample data, and does a test run with it. */
export function Try({ busy, wrong, error, eaches, run }: Props) {
  const [most, setMost] = useState("5");
  const [records, setRecords] = useState("");
  const [text, setText] = useState("");
  const [items, setItems] = useState<Record<string, string>>({});
  const [bad, setBad] = useState("");
  const begin = () => {
    const ids = records.split(/[\s,]+/).filter(Boolean);
    try {
      const given = Object.fromEntries(Object.entries(items).filter(([, t]) => t.trim()).map(([step, t]) => [step, [JSON.parse(t) as unknown].flat()]));
      setBad("");
      run({ most: Number(most) || undefined, records: ids.length ? ids : undefined, input: text.trim() ? (JSON.parse(text) as unknown) : undefined, items: Object.keys(given).length ? given : undefined });
    } catch (e) {
      setBad(`The sample data are not JSON: ${String(e)}`);
    }
  };
  return (
    <Panel title="Try it" actions={<Button busy={busy} disabled={wrong} onClick={begin}><FlaskConical size={15} aria-hidden />Test run</Button>}>
      <div className="space-y-4">
        <p className="max-w-prose text-sm text-muted">{wrong ? "Mend what is wrong first." : "Each step is done on a few records. Writes are checked and not sent, requests and notices are shown and not sent, and waits are passed over. Nothing is stored."}</p>
        <div className="grid gap-4 sm:grid-cols-[8rem_minmax(0,1fr)]">
          <TextField label="At most" inputMode="numeric" value={most} onChange={(e) => setMost(e.target.value)} help="Records, up to 50." />
          <TextField label="These records only" optional value={records} onChange={(e) => setRecords(e.target.value)} help="Their ids, separated by commas. Otherwise the first ones of the lists or the stream." spellCheck={false} />
        </div>
        <details>
          <summary className="text-sm font-semibold">Sample data of your own</summary>
          <div className="mt-3 grid gap-4 sm:grid-cols-2">
            <Field label="Input of the trigger" optional help="JSON, as trigger.input.">{(ids) => <textarea {...ids} rows={4} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={text} onChange={(e) => setText(e.target.value)} />}</Field>
            {eaches.map((id) => (
              <Field key={id} label={`Items of ${id}`} optional help="JSON: one item, or a list of them.">{(ids) => <textarea {...ids} rows={4} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={items[id] ?? ""} onChange={(e) => setItems({ ...items, [id]: e.target.value })} />}</Field>
            ))}
          </div>
        </details>
        {bad ? <p role="alert" className="text-sm text-bad">{bad}</p> : null}
        <Failure error={error} />
      </div>
    </Panel>
  );
}

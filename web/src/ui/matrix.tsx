import { Check, Minus } from "lucide-react";
import type { Schema } from "@/api/client";
import { words } from "./badge";

const ops = ["read", "create", "update", "delete"] as const;

/** Matrix is what a system allows: entities down, operations across, with why not and how it is known. */
export function Matrix({ of }: { of: Schema<"EntityCapability">[] }) {
  return (
    <div tabIndex={0} role="region" aria-label="What is allowed" className="overflow-x-auto">
      <table className="w-full min-w-[56rem] table-fixed text-sm [overflow-wrap:break-word]">
        <thead className="bg-sunken text-left text-xs text-muted">
          <tr>
            <th scope="col" className="w-44 px-4 py-2">Entity</th>
            {ops.map((op) => (
              <th key={op} scope="col" className="px-3 py-2">{words(op)}</th>
            ))}
            <th scope="col" className="w-32 px-3 py-2">Only changes</th>
          </tr>
        </thead>
        <tbody>
          {of.map((e) => (
            <tr key={e.entity} className="border-t border-line align-top">
              <th scope="row" className="px-4 py-2.5 text-left font-semibold">{words(e.entity)}</th>
              {ops.map((op) => (
                <td key={op} className="px-3 py-2.5"><Can of={e[op]} /></td>
              ))}
              <td className="px-3 py-2.5">{e.incremental ? <Yes /> : <No />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Can({ of: c }: { of: Schema<"Capability"> }) {
  if (!c.supported) return <No why={c.forbidden_by} />;
  const notes = [c.how === "cancel" ? "cancels it instead" : "", c.when?.status?.length ? `only ${c.when.status.join(", ")}` : "", c.bulk?.max ? `${c.bulk.max} in a call` : ""].filter(Boolean);
  return (
    <span className="inline-flex flex-col">
      <Yes evidence={c.evidence} />
      {notes.length ? <span className="text-xs text-muted">{notes.join("; ")}</span> : null}
    </span>
  );
}

function Yes({ evidence }: { evidence?: string }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-good">
      <Check size={15} aria-label="yes" />
      {evidence ? <span className="text-xs whitespace-nowrap text-muted">{evidence}</span> : null}
    </span>
  );
}

function No({ why }: { why?: string }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-muted">
      <Minus size={15} aria-label="no" />
      {why ? <span className="text-xs">{why}</span> : null}
    </span>
  );
}

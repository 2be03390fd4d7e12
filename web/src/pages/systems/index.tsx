import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { systems } from "@/api/queries";
import { Badge } from "@/ui/badge";
import { button, Button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure, Loading } from "@/ui/say";
import { Evidence } from "./evidence";

type System = Schema<"System">;

/** found tells whether a system has every word that is searched for. */
const found = (s: System, q: string) => {
  const all = [s.name, s.system, s.summary, ...s.categories, ...s.entities, ...s.versions].join(" ").replaceAll("-", " ").toLowerCase();
  return q.toLowerCase().replaceAll("-", " ").split(/\s+/).every((word) => all.includes(word));
};

export default function Systems() {
  const read = useQuery(systems);
  const [q, setQ] = useState("");
  const [kind, setKind] = useState("");
  const may = useMay()("connect");
  const all = read.data?.data ?? [];
  const shown = all.filter((s) => found(s, q.trim()) && (!kind || s.categories.includes(kind)));
  return (
    <Page title="Systems" lead="What can be connected, what each allows, and how that is known.">
      <div className="flex flex-wrap gap-3">
        <TextField label="Search systems" hideLabel type="search" placeholder="Search by name, kind or entity" value={q} onChange={(e) => setQ(e.target.value)} className="min-w-56 flex-1 sm:max-w-md" />
        <SelectField label="Kind" hideLabel value={kind} onChange={(e) => setKind(e.target.value)}>
          <option value="">Every kind</option>
          {[...new Set(all.flatMap((s) => s.categories))].sort().map((c) => (
            <option key={c} value={c}>{c.toUpperCase()}</option>
          ))}
        </SelectField>
      </div>
      {read.error ? <Failure error={read.error} again={() => void read.refetch()} /> : null}
      {read.isPending ? <Loading /> : null}
      {read.data && !shown.length ? (
        <Panel>
          <Empty title="No system like that" action={<Button onClick={() => { setQ(""); setKind(""); }}>Show all {all.length}</Button>}>
            A system with a documented interface or database can be described in a file: docs/connectors tells how.
          </Empty>
        </Panel>
      ) : null}
      <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {shown.map((s) => <Card key={s.system} of={s} may={may} />)}
      </ul>
      {shown.length ? <Panel title="How it is known that something works"><Evidence /></Panel> : null}
    </Page>
  );
}

function Card({ of: s, may }: { of: System; may: boolean }) {
  return (
    <li className="relative flex min-w-0 flex-col rounded-xl border border-line bg-surface p-4 hover:border-edge">
      <div className="flex items-start justify-between gap-3">
        <h2 className="min-w-0">
          <Link to="/systems/$system" params={{ system: s.system }} className="after:absolute after:inset-0">{s.name}</Link>
        </h2>
        {s.simulated ? <Badge tone="quiet">Simulated</Badge> : null}
      </div>
      <p className="mt-1 line-clamp-3 flex-1 text-sm text-muted">{s.summary}</p>
      <div className="mt-3 flex items-end justify-between gap-3">
        <p className="flex min-w-0 flex-wrap gap-x-3 text-xs text-muted">
          <span>{s.categories.map((c) => c.toUpperCase()).join(", ")}</span>
          <span>{s.entities.length} entities</span>
          {s.versions.length ? <span>{s.versions.length === 1 ? "version" : "versions"} {s.versions.join(", ")}</span> : null}
        </p>
        {may ? <Link to="/connections/new" search={{ system: s.system }} aria-label={`Connect ${s.name}`} className={`${button({ size: "small" })} relative z-10`}>Connect</Link> : null}
      </div>
    </li>
  );
}

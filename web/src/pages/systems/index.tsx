import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { systems } from "@/api/queries";
import { Badge, words } from "@/ui/badge";
import { TextField } from "@/ui/field";
import { Page } from "@/ui/panel";
import { Empty, Failure, Loading } from "@/ui/say";

export default function Systems() {
  const read = useQuery(systems);
  const [q, setQ] = useState("");
  const all = read.data?.data ?? [];
  const shown = all.filter((s) => [s.name, s.system, s.summary, ...s.categories].join(" ").toLowerCase().includes(q.trim().toLowerCase()));
  return (
    <Page title="Systems" lead="What can be connected, what each allows, and how that is known.">
      <TextField label="Search systems" hideLabel type="search" placeholder="Search by name or kind" value={q} onChange={(e) => setQ(e.target.value)} className="max-w-md" />
      {read.error ? <Failure error={read.error} again={() => void read.refetch()} /> : null}
      {read.isPending ? <Loading /> : null}
      {read.data && !shown.length ? <Empty title="No such system">Any system with a documented interface can be described: see the guide to connectors.</Empty> : null}
      <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {shown.map((s) => (
          <li key={s.system} className="relative rounded-xl border border-line bg-surface p-4 hover:border-edge">
            <div className="flex items-center justify-between gap-3">
              <h2>
                <Link to="/systems/$system" params={{ system: s.system }} className="after:absolute after:inset-0">{s.name}</Link>
              </h2>
              {s.simulated ? <Badge tone="quiet">Simulated</Badge> : null}
            </div>
            <p className="mt-1 line-clamp-2 text-sm text-muted">{s.summary}</p>
            <p className="mt-3 flex flex-wrap gap-x-3 text-xs text-muted">
              <span>{s.categories.map((c) => c.toUpperCase()).join(", ")}</span>
              <span>{s.entities.length} entities</span>
              {s.versions.length ? <span>{words("versions")} {s.versions.join(", ")}</span> : null}
            </p>
          </li>
        ))}
      </ul>
    </Page>
  );
}

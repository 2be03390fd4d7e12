import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { called, choices, nameOf } from "@/api/refs";
import type { Envelope } from "@/api/records";
import { useRows } from "@/api/rows";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { input, TextField } from "@/ui/field";
import { Grid } from "@/ui/grid";
import { count } from "@/ui/number";
import { Empty, Failure } from "@/ui/say";

/** How many records are read to be searched by name. */
const most = 5000;

/** RefLink leads to the record that is referred to, by its name. */
export function RefLink({ connection, entity, id }: { connection: string; entity: string; id: string }) {
  const read = useQuery(called(connection, entity, id));
  return (
    <Link to="/records/$connection/$entity/$id" params={{ connection, entity, id }} className="text-ink hover:underline" title={read.error ? "Not synced (yet)" : `${words(entity)} ${id}`}>
      {read.data ? nameOf(read.data) : <span className="font-mono text-xs">{id.slice(0, 8)}…</span>}
    </Link>
  );
}

interface Props {
  ids: object;
  label: string;
  connection: string;
  entity: string;
  value: unknown;
  set: (v: unknown) => void;
}

/** RefPicker chooses the record that a field refers to: among those that are stored, or by the system's own key. */
export function RefPicker({ ids, label, connection, entity, value, set }: Props) {
  const [open, setOpen] = useState(false);
  const id = typeof value === "string" ? value : "";
  const remote = (value as { remote_id?: string } | null)?.remote_id;
  const read = useQuery({ ...called(connection, entity, id), enabled: Boolean(id) });
  const shown = id ? (read.data ? `${nameOf(read.data)}${read.data.display_id && read.data.display_name ? ` (${read.data.display_id})` : ""}` : id) : remote ? `${remote} (the system's own key)` : "";
  return (
    <div className="flex gap-1">
      <button {...ids} type="button" className={cx(input, "min-w-0 flex-1 truncate text-left hover:bg-sunken", !shown && "text-muted")} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {shown || "Choose…"}
      </button>
      {shown ? (
        <Button look="quiet" size="small" aria-label={`Empty ${label}`} className="min-h-9 text-muted" onClick={() => set(null)}>
          <X size={15} aria-hidden />
        </Button>
      ) : null}
      {open ? <Picker label={label} connection={connection} entity={entity} close={() => setOpen(false)} set={set} /> : null}
    </div>
  );
}

function Picker({ label, connection, entity, close, set }: { label: string; connection: string; entity: string; close: () => void; set: (v: unknown) => void }) {
  const all = useInfiniteQuery(choices(connection, entity));
  const [q, setQ] = useState("");
  const [key, setKey] = useState("");
  const wanted = useDeferredValue(q.trim().toLowerCase());
  const read = useRows(all.data);
  const { hasNextPage, isFetching, fetchNextPage, isError } = all;
  const more = hasNextPage && !isFetching && !isError && read.length < most;
  useEffect(() => {
    if (more) void fetchNextPage();
  }, [more, fetchNextPage]);
  const found = useMemo(() => (wanted ? read.filter((r) => [r.display_name, r.display_id, r.remote_id].some((t) => t?.toLowerCase().includes(wanted))) : read), [read, wanted]);
  const take = (v: unknown) => {
    set(v);
    close();
  };
  return (
    <Dialog open title={label} onClose={close}>
      <TextField label={`Search ${words(entity).toLowerCase()}`} value={q} autoFocus type="search" onChange={(e) => setQ(e.target.value)} placeholder="Name, number or the system's own key" />
      <div className="-mx-5 border-y border-line">
        <Failure error={all.error} />
        <Grid<Envelope>
          label={words(entity)}
          rows={found}
          id={(r) => r.id}
          height="min(45vh,22rem)"
          rowHeight={40}
          loading={isFetching}
          columns={[
            { name: "Name", width: "minmax(0,2fr)", cell: (r) => <button type="button" className="max-w-full truncate font-semibold text-ink hover:underline" onClick={() => take(r.id)}>{nameOf(r)}</button> },
            { name: "Number", width: "minmax(0,1fr)", cell: (r) => <span className="font-mono text-xs">{r.display_id ?? r.remote_id}</span> },
          ]}
          empty={<Empty title={wanted ? "None is called so" : "None is stored"}>{hasNextPage ? `Only ${count(most)} were searched. ` : ""}Give the system's own key below.</Empty>}
        />
      </div>
      {hasNextPage && read.length >= most ? <p className="text-xs text-muted">{count(most)} were read; there are more. Those that are not listed can be given by the system's own key.</p> : null}
      <form
        className="flex items-end gap-2"
        onSubmit={(e) => {
          e.preventDefault();
          if (key.trim()) take({ remote_id: key.trim() });
        }}
      >
        <TextField label="Or the system's own key" value={key} className="flex-1" onChange={(e) => setKey(e.target.value)} />
        <Button type="submit" disabled={!key.trim()}>Take it</Button>
      </form>
    </Dialog>
  );
}

/** FromRecords is a text of which the values stand in the records of an entity: they are offered, and any other may be typed. */
export function FromRecords({ ids, connection, entity, field, value, set }: { ids: object & { id?: string }; connection: string; entity: string; field: string; value: string; set: (v: string) => void }) {
  const all = useInfiniteQuery(choices(connection, entity));
  const values = [...new Set((all.data?.pages ?? []).flatMap((p) => p.data).map((r) => r[field]).filter((v): v is string => typeof v === "string"))];
  return (
    <>
      <input {...ids} className={input} list={`${ids.id}-values`} value={value} onChange={(e) => set(e.target.value)} autoComplete="off" />
      <datalist id={`${ids.id}-values`}>{values.map((v) => <option key={v} value={v} />)}</datalist>
    </>
  );
}

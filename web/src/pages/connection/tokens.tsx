import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { useAct } from "@/api/acts";
import { tokens } from "@/api/queries";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { Confirm, Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Panel } from "@/ui/panel";
import { Empty, Failure, Notice } from "@/ui/say";
import { Time } from "@/ui/time";

type Token = Schema<"Token">;
type Scope = Token["scopes"][number];

const scopes: [Scope, string][] = [["read", "read records and follow their changes"], ["sync", "start syncs and decide on what they hold back"], ["write", "create, change and delete records in the system"]];

export default function Tokens({ of: c }: { of: Schema<"Connection"> }) {
  const list = useQuery(tokens(c.id));
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<Token>();
  const revoke = useAct((t: Token) => data(api.POST("/v1/connections/{id}/tokens/{token_id}/revoke", { params: { path: { id: c.id, token_id: t.id } } })), ["tokens", c.id]);
  const columns: Column<Token>[] = [
    { name: "Label", width: "minmax(8rem,1.5fr)", cell: (t) => <span className="font-semibold">{t.label || "without a label"}</span> },
    { name: "Ends in", width: "6rem", cell: (t) => <code className="font-mono text-xs">…{t.last4}</code> },
    { name: "May", width: "minmax(8rem,1fr)", wide: true, cell: (t) => t.scopes.join(", ") },
    { name: "Last used", width: "8rem", wide: true, cell: (t) => <Time at={t.last_used_at} /> },
    { name: "Made", width: "8rem", wide: true, cell: (t) => <Time at={t.created_at} /> },
    { name: "Ends", width: "8rem", wide: true, cell: (t) => <Time at={t.expires_at} none="never" /> },
    {
      name: "",
      width: "6.5rem",
      right: true,
      cell: (t) =>
        t.revoked_at ? <Badge tone="quiet">Revoked</Badge> : <Button size="small" look="quiet" onClick={() => setEnding(t)} aria-label={`Revoke ${t.label || t.last4}`}>Revoke</Button>,
    },
  ];
  return (
    <Panel flush title="Tokens" actions={<Button size="small" look="main" disabled={c.status === "disconnected"} onClick={() => setMaking(true)}>New token</Button>}>
      {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
      <Grid label="Tokens" rows={list.data?.data ?? []} columns={columns} id={(t) => t.id} loading={list.isPending} empty={<Empty title="No token">A program needs one to read and write through this connection.</Empty>} />
      <NewToken of={c} open={making} onClose={() => setMaking(false)} />
      <Confirm open={Boolean(ending)} onClose={() => setEnding(undefined)} title={`Revoke ${ending?.label || `…${ending?.last4}`}?`} label="Revoke" danger act={() => revoke.mutateAsync(ending!)}>
        <p>Whoever uses it is refused from now on. That cannot be undone; a new token can be made.</p>
      </Confirm>
    </Panel>
  );
}

function NewToken({ of: c, open, onClose }: { of: Schema<"Connection">; open: boolean; onClose: () => void }) {
  const [label, setLabel] = useState("");
  const [chosen, choose] = useState<Scope[]>(["read", "sync", "write"]);
  const [ends, setEnds] = useState("");
  const make = useAct(
    () => data(api.POST("/v1/connections/{id}/tokens", { params: { path: { id: c.id } }, body: { label, scopes: chosen, expires_at: ends ? new Date(`${ends}T23:59:59`).toISOString() : undefined } })),
    ["tokens", c.id],
  );
  const close = () => {
    make.reset();
    setLabel("");
    onClose();
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    make.mutate(undefined);
  };
  return (
    <Dialog title={make.data ? "The new token" : `New token for ${c.name}`} open={open} onClose={close}>
      {make.data ? (
        <>
          <Notice tone="warn" title="Copy it now. It is not shown again." />
          <Secret text={make.data.token} label="Copy the token" />
          <div className="flex justify-end">
            <Button look="main" onClick={close}>Done</Button>
          </div>
        </>
      ) : (
        <form onSubmit={submit} className="space-y-4">
          <TextField label="Label" help="By which you know it again: the program that uses it." required maxLength={100} value={label} onChange={(e) => setLabel(e.target.value)} />
          <fieldset className="space-y-2 text-sm">
            <legend className="mb-1.5 font-semibold">It may</legend>
            {scopes.map(([scope, does]) => (
              <label key={scope} className="flex items-center gap-2">
                <input type="checkbox" className="size-4" checked={chosen.includes(scope)} onChange={(e) => choose(e.target.checked ? [...chosen, scope] : chosen.filter((s) => s !== scope))} />
                {does}
              </label>
            ))}
          </fieldset>
          <TextField label="Ends" type="date" optional min={new Date().toISOString().slice(0, 10)} value={ends} onChange={(e) => setEnds(e.target.value)} help="At the end of this day. Empty: never, until it is revoked." />
          <Failure error={make.error} />
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" look="main" busy={make.isPending} disabled={!chosen.length}>Make the token</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

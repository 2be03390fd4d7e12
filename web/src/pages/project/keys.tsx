import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data } from "@/api/client";
import { useMay } from "@/api/may";
import { keys, me } from "@/api/queries";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { Confirm, Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Grid } from "@/ui/grid";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure, Notice } from "@/ui/say";
import { Time } from "@/ui/time";

export default function Keys() {
  const list = useQuery(keys);
  const { data: who } = useSuspenseQuery(me);
  const may = useMay()("admin");
  const [making, setMaking] = useState(false);
  const [ending, end] = useState<{ id: string; label: string }>();
  const revoke = useAct((id: string) => data(api.POST("/v1/keys/{id}/revoke", { params: { path: { id } } })), ["keys"]);
  return (
    <Page title="Project keys" lead="With a key a program manages the whole project: connections, tokens, flows. For one connection's data, a token of that connection is enough, and safer." actions={may ? <Button look="main" onClick={() => setMaking(true)}>New key</Button> : null}>
      <Panel flush>
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        <Grid
          label="Project keys"
          rows={list.data?.data ?? []}
          id={(k) => k.id}
          loading={list.isPending}
          empty={<Empty title="No key">Scripts and the command line need one.</Empty>}
          columns={[
            { name: "Label", width: "minmax(8rem,1.5fr)", cell: (k) => <span className="font-semibold">{k.label || "without a label"}</span> },
            { name: "Ends in", width: "6rem", cell: (k) => <code className="font-mono text-xs">…{k.last4}</code> },
            { name: "May", width: "minmax(9rem,1.5fr)", wide: true, cell: (k) => <span title={k.scopes.join(", ")}>{k.scopes.join(", ")}</span> },
            { name: "Last used", width: "8rem", wide: true, cell: (k) => <Time at={k.last_used_at} /> },
            { name: "", width: "6.5rem", right: true, cell: (k) => (k.revoked_at ? <Badge tone="quiet">Revoked</Badge> : may ? <Button size="small" look="quiet" aria-label={`Revoke ${k.label || k.last4}`} onClick={() => end({ id: k.id, label: k.label || `…${k.last4}` })}>Revoke</Button> : null) },
          ]}
        />
      </Panel>
      <NewKey scopes={who.scopes} open={making} onClose={() => setMaking(false)} />
      <Confirm open={Boolean(ending)} onClose={() => end(undefined)} danger title={`Revoke ${ending?.label}?`} label="Revoke" act={() => revoke.mutateAsync(ending!.id)}>
        <p>Whoever uses it is refused from now on. That cannot be undone.</p>
      </Confirm>
    </Page>
  );
}

function NewKey({ scopes, open, onClose }: { scopes: readonly string[]; open: boolean; onClose: () => void }) {
  const [label, setLabel] = useState("");
  const [chosen, choose] = useState<string[]>(["read"]);
  const make = useAct(() => data(api.POST("/v1/keys", { body: { label, scopes: chosen } as never })), ["keys"]);
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
    <Dialog title={make.data ? "The new key" : "New project key"} open={open} onClose={close}>
      {make.data ? (
        <>
          <Notice tone="warn" title="Copy it now. It is not shown again." />
          <Secret text={(make.data as unknown as { key: string }).key} label="Copy the key" />
          <div className="flex justify-end"><Button look="main" onClick={close}>Done</Button></div>
        </>
      ) : (
        <form onSubmit={submit} className="space-y-4">
          <TextField label="Label" help="By which you know it again: the program that uses it." required maxLength={100} value={label} onChange={(e) => setLabel(e.target.value)} />
          <fieldset className="grid grid-cols-2 gap-2 text-sm sm:grid-cols-3">
            <legend className="mb-1.5 font-semibold">It may</legend>
            {scopes.filter((s) => s !== "own").map((s) => (
              <label key={s} className="flex items-center gap-2">
                <input type="checkbox" className="size-4" checked={chosen.includes(s)} onChange={(e) => choose(e.target.checked ? [...chosen, s] : chosen.filter((c) => c !== s))} />
                {s}
              </label>
            ))}
          </fieldset>
          <Failure error={make.error} />
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" look="main" busy={make.isPending} disabled={!chosen.length}>Make the key</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

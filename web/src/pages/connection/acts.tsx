import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { useAct } from "@/api/acts";
import { useMay } from "@/api/may";
import { syncs } from "@/api/queries";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { count } from "@/ui/number";
import { Reauthorize } from "./reauthorize";

type Act = "reauthorize" | "pause" | "resume" | "disconnect" | "delete-data";

/** Acts are what can be done with a connection as it is now; each says first what it does. */
export function Acts({ of: c }: { of: Schema<"Connection"> }) {
  const [asked, ask] = useState<Act>();
  const params = { params: { path: { id: c.id } } };
  const act = useAct(
    (what: Exclude<Act, "reauthorize">): Promise<unknown> => {
      switch (what) {
        case "pause":
          return data(api.POST("/v1/connections/{id}/pause", params));
        case "resume":
          return data(api.POST("/v1/connections/{id}/resume", params));
        case "disconnect":
          return data(api.POST("/v1/connections/{id}/disconnect", params));
        case "delete-data":
          return data(api.POST("/v1/connections/{id}/delete-data", params));
      }
    },
    ["connections"],
    ["syncs", c.id],
    ["sync-runs", c.id],
    ["tokens", c.id],
  );
  const well = useQuery(syncs(c.id));
  const stored = well.data?.data.reduce((n, s) => n + s.counts.live + s.counts.deleted, 0);
  const may = useMay();
  const gone = c.status === "disconnected";
  const close = () => ask(undefined);
  const dialog = (what: Exclude<Act, "reauthorize">) => ({ open: asked === what, onClose: close, act: () => act.mutateAsync(what) });
  if (!may("connect")) return null;
  if (c.deleting_at) return <Badge tone="bad">Its data are being deleted</Badge>;
  return (
    <>
      {c.status === "pending" ? null : (
        <Button look={gone || c.status === "needs_reauthorization" ? "main" : "plain"} onClick={() => ask("reauthorize")}>{gone ? "Connect again" : c.status === "needs_reauthorization" ? "Reauthorize" : "New credentials"}</Button>
      )}
      {c.status === "paused" ? <Button look="main" onClick={() => ask("resume")}>Resume</Button> : gone ? null : <Button onClick={() => ask("pause")}>Pause</Button>}
      {gone ? <Button look="danger" onClick={() => ask("delete-data")}>Delete its data</Button> : <Button look="danger" onClick={() => ask("disconnect")}>Disconnect</Button>}
      <Reauthorize of={c} open={asked === "reauthorize"} onClose={close} />
      <Confirm {...dialog("pause")} title={`Pause ${c.name}?`} label="Pause">
        <p>Nothing is read from {c.system_name} or written to it until you resume. What is stored can still be read; writes are refused, and flows that need this connection wait.</p>
      </Confirm>
      <Confirm {...dialog("resume")} title={`Resume ${c.name}?`} label="Resume">
        <p>Syncs go on where they were, and flows that wait for this connection go on too.</p>
      </Confirm>
      <Confirm {...dialog("disconnect")} title={`Disconnect ${c.name}?`} label="Disconnect" danger type={c.name}>
        <p>Its tokens stop at once, its credentials are destroyed, and writes that were not sent are cancelled. What is stored stays until you delete it.</p>
        <p>It can be connected again later: with credentials, and new tokens.</p>
      </Confirm>
      <Confirm {...dialog("delete-data")} title={`Delete the data of ${c.name}?`} label="Delete its data" danger type={c.name}>
        <p>
          {stored ? <><strong>{count(stored)} records</strong> with all their changes, and its</> : "Its records, changes,"} runs, operations and quarantine are deleted from Busbar for good; then the connection is gone. Nothing is deleted in {c.system_name}.
        </p>
        <p>That cannot be undone. Whoever reads these records here finds nothing any more.</p>
      </Confirm>
    </>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { links } from "@/api/syncs";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Failure, Notice } from "@/ui/say";
import { Time } from "@/ui/time";

/** Pending shows the links by which a connection waits to be made, and takes them back. */
export function Pending({ of: c }: { of: Schema<"Connection"> }) {
  const list = useQuery(links(c.id));
  const may = useMay()("connect");
  const [ending, end] = useState<string>();
  const revoke = useAct((id: string) => data(api.POST("/v1/link-sessions/{id}/revoke", { params: { path: { id } } })), ["links", c.id], ["connections"]);
  return (
    <>
      <Failure error={list.error} />
      {list.data?.data.map((l) => (
        <Notice key={l.id} tone="quiet" title="It waits for somebody to open its link">
          <p>
            Made <Time at={l.created_at} />, ends <Time at={l.expires_at} />; {l.opened_at ? <>opened <Time at={l.opened_at} /></> : "nobody has opened it yet"}.
          </p>
          {may ? <Button size="small" look="danger" onClick={() => end(l.id)}>Take the link back</Button> : null}
        </Notice>
      ))}
      <Confirm open={Boolean(ending)} onClose={() => end(undefined)} danger title="Take the link back?" label="Take it back" act={() => revoke.mutateAsync(ending!)}>
        <p>It does not work any more, and this connection, which was never made, is deleted.</p>
      </Confirm>
    </>
  );
}

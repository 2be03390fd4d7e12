import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, of as headerOf, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { count } from "@/ui/number";
import { Notice } from "@/ui/say";
import { Time } from "@/ui/time";

/** HeldDeletions are records that complete runs did not find any more: too many to be believed, so a person decides. */
export function HeldDeletions({ connection, system, of: h, entity }: { connection: string; system: string; of: Schema<"Held">; entity: string }) {
  const [asked, ask] = useState<"approve" | "reject">();
  const may = useMay();
  const params = { params: { header: headerOf(connection), path: { id: h.run } } };
  const stale = [["sync-runs", connection], ["syncs", connection], ["connections"]];
  const approve = useAct(() => data(api.POST("/v1/sync-runs/{id}/pending-deletions/approve", params)), ...stale);
  const reject = useAct(() => data(api.POST("/v1/sync-runs/{id}/pending-deletions/reject", params)), ...stale);
  const things = words(entity).toLowerCase();
  const share = h.of ? Math.round((h.missing / h.of) * 100) : 100;
  if (h.decision === "rejected") {
    return <Notice tone="quiet" title={`${count(h.missing)} deletions were rejected`}><p>Decided <Time at={h.decided_at} />. The records stay, and are looked at again by later full runs.</p></Notice>;
  }
  if (h.decision === "approved") {
    return (
      <Notice tone="quiet" title={h.carried_out_at ? `${count(h.missing)} deletions were approved and carried out` : `${count(h.missing)} deletions are approved`}>
        <p>
          Decided <Time at={h.decided_at} />.{" "}
          {h.carried_out_by ? <Link to="/connections/$id/runs/$run" params={{ id: connection, run: h.carried_out_by }} className="text-ink underline">The run that deleted them</Link> : "A full run looks once more, and deletes those that it misses too."}
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="warn" title={`${count(h.missing)} ${things} are missing in ${system}. Are they really deleted?`}>
      <p>
        Every complete run since <Time at={h.since} /> has missed them{h.of ? `: of ${count(h.of)} about ${share} % are gone` : ""}. That is more than Busbar believes by itself: a changed right or filter of the login looks
        the same. Nothing is deleted until somebody decides.
      </p>
      {h.confirmed_at ? <p>A further full run, <Time at={h.confirmed_at} />, missed them too.</p> : null}
      {may("sync") ? (
        <p className="flex flex-wrap gap-2 pt-1">
          <Button size="small" look="danger" onClick={() => ask("approve")}>They are deleted…</Button>
          <Button size="small" onClick={() => ask("reject")}>Keep them…</Button>
        </p>
      ) : <p>Somebody with the role of an operator decides.</p>}
      <Confirm open={asked === "approve"} onClose={() => ask(undefined)} danger title={`Delete ${count(h.missing)} ${things} here?`} label="Approve the deletions" act={() => approve.mutateAsync(undefined)}>
        <p>A full run looks once more in {system}. Those of the {count(h.missing)} that it misses too are marked as deleted in Busbar, and everybody who follows the changes learns of it. Nothing is changed in {system}.</p>
        <p>Records that turn up again stay.</p>
      </Confirm>
      <Confirm open={asked === "reject"} onClose={() => ask(undefined)} title={`Keep the ${count(h.missing)} ${things}?`} label="Keep them" act={() => reject.mutateAsync(undefined)}>
        <p>They stay as they were last read. If the login has lost a right, or a filter hides them, mend that in {system}: the next full run finds them again.</p>
      </Confirm>
    </Notice>
  );
}

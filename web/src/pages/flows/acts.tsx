import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { Confirm } from "@/ui/dialog";
import { SelectField } from "@/ui/field";

interface Props {
  of: Schema<"FlowDetail">;
  open: boolean;
  onClose: () => void;
}

/** Remove asks before a flow is deleted. */
export function Remove({ of: f, open, onClose }: Props) {
  const navigate = useNavigate();
  const remove = useAct(() => data(api.DELETE("/v1/flows/{name}", { params: { path: { name: f.name } } })));
  const busy = f.open_runs.queued + f.open_runs.running + f.open_runs.waiting;
  const act = async () => {
    await remove.mutateAsync(undefined);
    await navigate({ to: "/flows" });
  };
  return (
    <Confirm open={open} onClose={onClose} title="Delete this flow?" label="Delete it" danger type={f.name} act={act}>
      <p>These are lost for good, and nothing brings them back:</p>
      <ul className="list-disc space-y-1 pl-5">
        <li>its document, in {f.version === 1 ? "its one version" : `all ${f.version} versions`}, and its settings{f.secrets.length ? ", secrets too" : ""};</li>
        <li>all of its runs, with what became of each item: what failed can no longer be retried;</li>
        {f.trigger.kind === "webhook" ? <li>its address: whoever calls it is refused;</li> : null}
        {f.trigger.kind === "change" ? <li>its position in the stream that it follows;</li> : null}
      </ul>
      <p>What it has written stays in the systems.</p>
      {busy ? <p className="font-semibold text-warn">{busy === 1 ? "One run is" : `${busy} runs are`} under way. Cancel {busy === 1 ? "it" : "them"} first: until then the server refuses.</p> : null}
    </Confirm>
  );
}

const ways = { "": "Go on where it was", now: "From now on: what has changed meanwhile is left out", start: "From the beginning: every record counts as created" };

/** GoOn asks from where a paused flow goes on. */
export function GoOn({ of: f, open, onClose }: Props) {
  const [from, go] = useState<keyof typeof ways>("");
  const resume = useAct(() => data(api.POST("/v1/flows/{name}/resume", { params: { path: { name: f.name } }, body: from ? { from } : {} })), ["flows"]);
  return (
    <Confirm open={open} onClose={onClose} title="Let it go on?" label="Resume" act={() => resume.mutateAsync(undefined)}>
      {f.trigger.kind === "change" ? (
        <>
          <p>It follows a stream of changes and has kept its position.</p>
          <SelectField label="From where" value={from} onChange={(e) => go(e.target.value as keyof typeof ways)}>
            {Object.entries(ways).map(([v, text]) => (
              <option key={v} value={v}>{text}</option>
            ))}
          </SelectField>
        </>
      ) : (
        <p>What begins it begins runs again. Times that passed while it was paused are not made up for.</p>
      )}
    </Confirm>
  );
}

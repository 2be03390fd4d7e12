import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { Button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { Confirm } from "@/ui/dialog";
import { Panel } from "@/ui/panel";
import { Notice } from "@/ui/say";

/** Address shows the address of a flow's webhook, which is shown once. */
export function Address({ of: w }: { of: Schema<"FlowWebhook"> }) {
  return (
    <Notice tone="warn" title="The address to call, shown only now">
      <Secret text={location.origin + w.path} label="Copy the address" />
      {w.secret ? (
        <>
          <p>Calls are signed with this secret, by the rules of <a href="https://www.standardwebhooks.com" target="_blank" rel="noreferrer" className="text-ink underline">Standard Webhooks</a>:</p>
          <Secret text={w.secret} label="Copy the secret" />
        </>
      ) : (
        <p>Calls of it are not signed: whoever has the address can begin runs.</p>
      )}
    </Notice>
  );
}

/** Webhook says how a flow that is called from outside is called, and makes a new address. */
export function Webhook({ of: f, may }: { of: Schema<"FlowDetail">; may: boolean }) {
  const [asked, ask] = useState(false);
  const renew = useAct(() => data(api.PUT("/v1/flows/{name}", { params: { path: { name: f.name }, header: { "If-Match": `"${f.version}"` } }, body: { document: f.document, format: f.format, new_webhook: true } })), ["flows"]);
  const made = renew.data?.webhook;
  return (
    <Panel title="Its address" actions={may ? <Button size="small" onClick={() => ask(true)}>Make a new address</Button> : undefined}>
      {made ? <Address of={made} /> : <p className="max-w-prose text-sm text-muted">A run begins with each call of a secret address: a POST with JSON of at most 1 MiB, answered with 202 and the run. The address was shown when it was made and is not kept in plain. Whoever has lost it makes a new one.</p>}
      <Confirm open={asked} onClose={() => ask(false)} title="Make a new address?" label="Make a new one" danger act={() => renew.mutateAsync(undefined)}>
        <p>The address and the secret of now are dead at once: whoever calls this flow is refused until they have the new ones. Runs that are under way go on.</p>
      </Confirm>
    </Panel>
  );
}

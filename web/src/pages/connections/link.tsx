import { useState } from "react";
import { useAct } from "@/api/acts";
import { api, data } from "@/api/client";
import { Button, button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { SelectField } from "@/ui/field";
import { Failure } from "@/ui/say";
import { Time } from "@/ui/time";

const days: [seconds: number, name: string][] = [[86_400, "1 day"], [7 * 86_400, "7 days"], [30 * 86_400, "30 days"], [90 * 86_400, "90 days"]];

/** MakeLink makes a link by which somebody else enters the credentials. It is shown once. */
export function MakeLink({ body }: { body: { purpose?: "connect" | "reauthorize"; connection_id?: string; system?: string; name?: string; entities?: string[] } }) {
  const [lasts, setLasts] = useState(7 * 86_400);
  const make = useAct(() => data(api.POST("/v1/link-sessions", { body: { ...body, kind: "magic", expires_in: lasts } })), ["connections"], ["links"]);
  if (make.data) {
    return (
      <div className="space-y-3 text-sm">
        <Secret text={make.data.url} label="Copy the link" />
        <p className="text-muted">It works once, and ends <Time at={make.data.expires_at} />. Copy it now: it is not shown again.</p>
        <div className="flex flex-wrap gap-2">
          <a className={button({ size: "small" })} href={make.data.url} target="_blank" rel="noreferrer">Open it yourself</a>
          <Button size="small" look="quiet" onClick={() => make.reset()}>Make another</Button>
        </div>
      </div>
    );
  }
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-end gap-3">
        <SelectField label="It lasts" className="w-32" value={lasts} onChange={(e) => setLasts(Number(e.target.value))}>
          {days.map(([s, name]) => <option key={s} value={s}>{name}</option>)}
        </SelectField>
        <Button busy={make.isPending} onClick={() => make.mutate(undefined)}>Make a link</Button>
      </div>
      <Failure error={make.error} />
    </div>
  );
}

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { system, systems } from "@/api/queries";
import { words } from "@/ui/badge";
import { Button, button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { SelectField, TextField } from "@/ui/field";
import { Markdown } from "@/ui/markdown";
import { Page, Panel } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { MakeLink } from "./link";
import { LoginFields, Try, useLogin } from "./login";

const route = getRouteApi("/connections/new");

export default function NewConnection() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/connections/new" });
  const catalogue = useQuery(systems);
  const [name, setName] = useState("");
  const chosen = search.system ?? "";
  return (
    <Page crumbs={<Link to="/connections" className="hover:underline">Connections</Link>} title="New connection" lead="Enter the credentials yourself, or send your customer a link to do it.">
      {catalogue.error ? <Failure error={catalogue.error} /> : null}
      <Panel title="Which system">
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField label="System" value={chosen} onChange={(e) => void navigate({ search: { system: e.target.value || undefined }, replace: true })}>
            <option value="">Choose…</option>
            {catalogue.data?.data.map((s) => (
              <option key={s.system} value={s.system}>{s.name}</option>
            ))}
          </SelectField>
          <TextField label="Name" value={name} maxLength={200} onChange={(e) => setName(e.target.value)} help="By which you know it again: the customer and the plant." />
        </div>
      </Panel>
      {chosen ? <Ways key={chosen} system={chosen} name={name} /> : null}
    </Page>
  );
}

function Ways({ system: which, name }: { system: string; name: string }) {
  const read = useQuery(system(which));
  const [made, setMade] = useState<Schema<"CreatedConnection">>();
  if (read.error) return <Failure error={read.error} />;
  if (!read.data) return <Loading />;
  if (made) return <Made of={made} />;
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
      <div className="space-y-5">
        <ByForm of={read.data} name={name} made={setMade} />
        <ByLink of={read.data} name={name} />
      </div>
      <Panel title={`How to get the credentials of ${read.data.name}`}>
        <Markdown text={read.data.guide} />
      </Panel>
    </div>
  );
}

function ByForm({ of: s, name, made }: { of: Schema<"SystemDetail">; name: string; made: (c: Schema<"CreatedConnection">) => void }) {
  const login = useLogin(s);
  const form = useRef<HTMLFormElement>(null);
  const [entities, setEntities] = useState<string[]>(s.entities);
  const [more, setMore] = useState({ schedule: "1h", history: "P90D", time_zone: "" });
  const make = useAct(
    () =>
      data(
        api.POST("/v1/connections", {
          body: {
            system: s.system, name: name || s.name, auth_method: login.method, credentials: login.credentials(), entities: entities.length === s.entities.length ? undefined : entities,
            schedule: more.schedule, history: more.history, time_zone: more.time_zone || undefined,
          },
        }),
      ),
    ["connections"],
  );
  const submit = (e: FormEvent) => {
    e.preventDefault();
    make.mutate(undefined, { onSuccess: made });
  };
  return (
    <Panel title="Enter the credentials">
      <form ref={form} onSubmit={submit} className="space-y-4">
        {login.method === "oauth2" ? (
          <Notice tone="quiet" title="OAuth 2.0">
            <p>Where this Busbar is registered with the system, make a link below and open it: it leads to the system's own login, and Busbar gets the tokens from there. Otherwise enter here what the system gave you.</p>
          </Notice>
        ) : null}
        <LoginFields of={s} login={login} error={make.error} />
        <Try of={s} login={login} form={() => form.current?.reportValidity() ?? false} />
        <Entities of={s.entities} chosen={entities} choose={setEntities} />
        <details className="text-sm">
          <summary className="font-semibold">Schedule, history and time zone</summary>
          <div className="grid gap-4 pt-3 sm:grid-cols-3">
            <TextField label="Synced every" value={more.schedule} onChange={(e) => setMore({ ...more, schedule: e.target.value })} help="15m, 1h, a cron line, or manual." />
            <TextField label="How far back" value={more.history} onChange={(e) => setMore({ ...more, history: e.target.value })} help="P90D, P2Y, or all." />
            <TextField label="Time zone" optional placeholder="Europe/Berlin" value={more.time_zone} onChange={(e) => setMore({ ...more, time_zone: e.target.value })} help="Of the system's times that carry none." />
          </div>
        </details>
        <Failure error={make.error} />
        <Button type="submit" look="main" busy={make.isPending} disabled={!entities.length}>{make.isPending ? "Trying to log in…" : "Connect"}</Button>
      </form>
    </Panel>
  );
}

function Entities({ of, chosen, choose }: { of: string[]; chosen: string[]; choose: (entities: string[]) => void }) {
  const all = chosen.length === of.length;
  return (
    <fieldset className="text-sm">
      <legend className="mb-1.5 font-semibold">What to sync</legend>
      <label className="mb-2 flex items-center gap-2">
        <input type="checkbox" className="size-4" checked={all} onChange={() => choose(all ? [] : of)} />
        Everything
      </label>
      <div className="grid gap-2 sm:grid-cols-2 md:grid-cols-3">
        {of.map((e) => (
          <label key={e} className="flex items-center gap-2">
            <input type="checkbox" className="size-4" checked={chosen.includes(e)} onChange={(on) => choose(on.target.checked ? [...chosen, e] : chosen.filter((x) => x !== e))} />
            {words(e)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Made({ of }: { of: Schema<"CreatedConnection"> }) {
  const c = of.connection;
  return (
    <Panel title={`${c.name} is connected`}>
      <div className="space-y-4">
        <p className="text-sm">Its records are being read now. Programs read and write with this token:</p>
        <Notice tone="warn" title="Copy it now. It is not shown again." />
        <Secret text={of.token.token} label="Copy the token" />
        <Link to="/connections/$id" params={{ id: c.id }} className={button({ look: "main" })}>See it sync</Link>
      </div>
    </Panel>
  );
}

function ByLink({ of: s, name }: { of: Schema<"SystemDetail">; name: string }) {
  return (
    <Panel title="Or send a link">
      <div className="space-y-3 text-sm">
        <p>Whoever opens it enters the credentials on a page of this server, and you never see them.</p>
        <MakeLink body={{ system: s.system, name: name || undefined }} />
      </div>
    </Panel>
  );
}

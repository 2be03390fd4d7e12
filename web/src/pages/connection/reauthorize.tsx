import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useAct } from "@/api/acts";
import { ApiError, api, data, type Schema } from "@/api/client";
import { system } from "@/api/queries";
import { LoginFields, Try, useLogin } from "@/pages/connections/login";
import { MakeLink } from "@/pages/connections/link";
import { Button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { Dialog } from "@/ui/dialog";
import { Failure, Loading, Notice } from "@/ui/say";

type Of = Schema<"Connection">;

/** Reauthorize gives a connection new credentials; one that was disconnected is connected again, with a new token. */
export function Reauthorize({ of: c, open, onClose }: { of: Of; open: boolean; onClose: () => void }) {
  const gone = c.status === "disconnected";
  return (
    <Dialog title={gone ? `Connect ${c.name} again` : `New credentials for ${c.name}`} open={open} onClose={onClose}>
      <Ways of={c} gone={gone} onClose={onClose} />
    </Dialog>
  );
}

function Ways({ of: c, gone, onClose }: { of: Of; gone: boolean; onClose: () => void }) {
  const read = useQuery(system(c.system));
  if (read.error) return <Failure error={read.error} again={() => void read.refetch()} />;
  if (!read.data) return <Loading />;
  return (
    <>
      <p className="text-sm">
        They must lead to the <strong>same company in the same {c.system_name}</strong>: the records that are stored here keep their ids, and another company's would be mixed with them. For another one, make a new connection.
      </p>
      <Form of={c} system={read.data} gone={gone} onClose={onClose} />
      <details className="border-t border-line pt-3 text-sm">
        <summary className="font-semibold">Or send a link to somebody who has the credentials</summary>
        <div className="pt-3"><MakeLink body={{ purpose: "reauthorize", connection_id: c.id }} /></div>
      </details>
    </>
  );
}

function Form({ of: c, system: s, gone, onClose }: { of: Of; system: Schema<"SystemDetail">; gone: boolean; onClose: () => void }) {
  const login = useLogin(s, c.auth_method, c.fields as Record<string, string>);
  const form = useRef<HTMLFormElement>(null);
  const [moved, setMoved] = useState(false);
  const send = useAct(
    async (): Promise<{ token?: string }> => {
      const call = { params: { path: { id: c.id } }, body: { auth_method: login.method, credentials: login.credentials(), same_instance: moved || undefined } };
      if (gone) return { token: (await data(api.POST("/v1/connections/{id}/reconnect", call))).token.token };
      await data(api.POST("/v1/connections/{id}/reauthorize", call));
      return {};
    },
    ["connections"], ["syncs", c.id], ["sync-runs", c.id], ["tokens", c.id],
  );
  const elsewhere = moved || (send.error instanceof ApiError && send.error.problem.code === "conflict");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    send.mutate(undefined);
  };
  if (send.data) {
    return (
      <>
        <Notice tone="good" title={gone ? `${c.name} is connected again` : "The new credentials work"}><p>What was missed meanwhile is read now.</p></Notice>
        {send.data.token ? (
          <>
            <p className="text-sm">Its old tokens stay dead. This is the new one; it is not shown again:</p>
            <Secret text={send.data.token} label="Copy the token" />
          </>
        ) : null}
        <div className="flex justify-end"><Button look="main" onClick={onClose}>Done</Button></div>
      </>
    );
  }
  return (
    <form ref={form} onSubmit={submit} className="space-y-4">
      <LoginFields of={s} login={login} error={send.error} />
      <Try of={s} login={login} form={() => form.current?.reportValidity() ?? false} />
      <Failure error={send.error} />
      {elsewhere ? (
        <label className="flex items-start gap-2 text-sm">
          <input type="checkbox" className="mt-0.5 size-4" checked={moved} onChange={(e) => setMoved(e.target.checked)} />
          <span>The same instance, with the same records, has moved to this address. I have made sure of that.</span>
        </label>
      ) : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="main" busy={send.isPending}>{send.isPending ? "Trying to log in…" : gone ? "Connect again" : "Renew the login"}</Button>
      </div>
    </form>
  );
}

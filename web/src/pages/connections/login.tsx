import { useState } from "react";
import { useAct } from "@/api/acts";
import { ApiError, api, data, type Schema } from "@/api/client";
import { words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Field, input, SelectField } from "@/ui/field";
import { Failure, Notice } from "@/ui/say";

type FieldOf = Schema<"CredentialField">;

/** Login is a login as its form holds it. */
export interface Login {
  method: string;
  choose: (method: string) => void;
  value: (field: FieldOf) => string;
  set: (name: string, value: string) => void;
  way: Schema<"AuthMethod"> | undefined;
  credentials: () => Record<string, string>;
}

/** useLogin holds what is typed into the form of a system's login. What is known and no secret stands in it from the start. */
export function useLogin(s: Schema<"SystemDetail">, first?: string, known: Record<string, string> = {}): Login {
  const [method, choose] = useState(s.auth.some((a) => a.method === first) ? first! : (s.auth[0]?.method ?? ""));
  const [typed, setTyped] = useState<Record<string, string>>(known);
  const way = s.auth.find((a) => a.method === method);
  const value = (f: FieldOf) => typed[f.name] ?? f.default ?? "";
  return {
    method, choose, value, way,
    set: (name, v) => setTyped((now) => ({ ...now, [name]: v })),
    credentials: () => Object.fromEntries((way?.fields ?? []).map((f) => [f.name, value(f)]).filter(([, v]) => v !== "")),
  };
}

/** LoginFields is the form of a login, made of what the system's connector asks for. */
export function LoginFields({ of: s, login, error }: { of: Schema<"SystemDetail">; login: Login; error: unknown }) {
  const faults = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  const one = (f: FieldOf) => <Credential key={f.name} of={f} value={login.value(f)} set={(v) => login.set(f.name, v)} error={faults.find((e) => e.pointer === `/credentials/${f.name}`)?.detail} />;
  const fields = login.way?.fields ?? [];
  const tls = fields.filter((f) => f.group === "tls");
  return (
    <>
      {s.auth.length > 1 ? (
        <SelectField label="Logs in by" value={login.method} onChange={(e) => login.choose(e.target.value)}>
          {s.auth.map((a) => (
            <option key={a.method} value={a.method}>{methods[a.method] ?? words(a.method)}</option>
          ))}
        </SelectField>
      ) : null}
      {fields.filter((f) => f.group !== "tls").map(one)}
      {tls.length ? (
        <details className="rounded-lg border border-line px-4 py-2.5 text-sm" open={tls.some((f) => login.value(f)) || undefined}>
          <summary className="font-semibold">Certificates of your own network</summary>
          <div className="space-y-4 pt-3 pb-1">{tls.map(one)}</div>
        </details>
      ) : null}
    </>
  );
}

/** methods are the ways to log in, as people say them. */
export const methods: Record<string, string> = {
  basic: "user name and password", api_key: "an API key", token: "a token", oauth2: "OAuth 2.0", session: "a session", hmac: "signed requests", private_key: "a private key", certificate: "a certificate", none: "no login",
};

function Credential({ of: f, value, set, error }: { of: FieldOf; value: string; set: (v: string) => void; error?: string }) {
  return (
    <Field label={f.label} optional={!f.required} error={error} help={f.help || undefined}>
      {(ids) =>
        f.type === "select" ? (
          <select {...ids} className={`${input} pr-8`} value={value} onChange={(e) => set(e.target.value)} required={f.required}>
            {f.default ? null : <option value="">Choose…</option>}
            {f.options.map((o) => (
              <option key={o.value} value={o.value}>{o.label}</option>
            ))}
          </select>
        ) : f.type === "multiline" ? (
          <textarea {...ids} rows={4} spellCheck={false} className={`${input} py-2 font-mono text-xs`} value={value} placeholder={f.example} onChange={(e) => set(e.target.value)} required={f.required} />
        ) : (
          <input {...ids} type={f.secret ? "password" : f.type === "url" ? "url" : "text"} inputMode={f.type === "integer" ? "numeric" : undefined} autoComplete={f.secret ? "new-password" : "off"} placeholder={f.example} className={input} value={value} onChange={(e) => set(e.target.value)} required={f.required} />
        )
      }
    </Field>
  );
}

const steps: Record<Schema<"Finding">["step"], string> = { network: "Reach it", tls: "Secure line", address: "Address", login: "Log in", version: "Version", entity: "Read" };

/** Try tests a login without storing anything, and says what was found at each step. */
export function Try({ of: s, login, form }: { of: Schema<"SystemDetail">; login: Login; form: () => boolean }) {
  const check = useAct(() => data(api.POST("/v1/connections/check", { body: { system: s.system, auth_method: login.method, credentials: login.credentials() } })));
  return (
    <div className="space-y-3">
      <Button busy={check.isPending} onClick={() => form() && check.mutate(undefined)}>{check.isPending ? "Trying…" : "Test the login"}</Button>
      {check.error ? <Failure error={check.error} /> : null}
      {check.data && !check.isPending ? <Found of={check.data} /> : null}
    </div>
  );
}

function Found({ of: c }: { of: Schema<"Checked"> }) {
  const lacking = c.findings.some((f) => !f.ok);
  return (
    <Notice tone={c.ok ? (lacking ? "warn" : "good") : "bad"} title={c.ok ? (lacking ? "The login works, but lacks some rights" : "The login works") : "The login does not work"}>
      <ul className="space-y-1.5">
        {c.findings.map((f, i) => (
          <li key={i} className="grid grid-cols-[1.25rem_6rem_minmax(0,1fr)] gap-x-2">
            <span aria-label={f.ok ? "fine" : "wrong"} className={f.ok ? "text-good" : "text-bad"}>{f.ok ? "✓" : "✗"}</span>
            <span className="text-muted">{f.entity ? words(f.entity) : steps[f.step]}</span>
            <span>{f.says}{f.do ? <span className="block font-semibold">{f.do}</span> : null}</span>
          </li>
        ))}
      </ul>
    </Notice>
  );
}

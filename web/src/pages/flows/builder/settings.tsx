import { useConnections } from "@/ui/chooser";
import { SelectField } from "@/ui/field";
import { Panel } from "@/ui/panel";
import { Parameter, type ParameterForm } from "../parameter";

/** Read is a document as far as the builder reads it. */
export interface Read {
  flow?: string;
  trigger?: unknown;
  steps?: import("./tree").Step[];
  connections?: Record<string, { title?: string; system?: string } | null>;
  parameters?: Record<string, ParameterForm>;
  [member: string]: unknown;
}

interface Props {
  read: Read;
  roles: Record<string, string>;
  setRoles: (r: Record<string, string>) => void;
  values: Record<string, unknown>;
  setValues: (v: Record<string, unknown>) => void;
  secrets: string[];
}

/** Settings says which connection each role is, and what the parameters are. */
export function Settings({ read, roles, setRoles, values, setValues, secrets }: Props) {
  const { list } = useConnections();
  const wanted = Object.entries(read.connections ?? {});
  const parameters = Object.entries(read.parameters ?? {}).filter(([, p]) => p && typeof p === "object");
  if (!wanted.length && !parameters.length) return null;
  return (
    <Panel title="Connections and parameters">
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
        {wanted.map(([role, r]) => (
          <SelectField key={role} label={r?.title ?? role} value={roles[role] ?? ""} onChange={(e) => setRoles({ ...roles, [role]: e.target.value })}>
            <option value="">Choose…</option>
            {list.filter((c) => !r?.system || c.system === r.system).map((c) => (
              <option key={c.id} value={c.id}>{c.name}</option>
            ))}
          </SelectField>
        ))}
        {parameters.map(([name, p]) => (
          <Parameter key={name} name={name} of={p} value={values[name]} isSet={secrets.includes(name)} set={(v) => setValues({ ...values, [name]: v })} />
        ))}
      </div>
    </Panel>
  );
}

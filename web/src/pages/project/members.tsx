import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useAct } from "@/api/acts";
import { api, data, type Schema } from "@/api/client";
import { useMay } from "@/api/may";
import { invitations, me, members } from "@/api/queries";
import { Badge, State, words } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Secret } from "@/ui/copy";
import { Confirm, Dialog } from "@/ui/dialog";
import { SelectField, TextField } from "@/ui/field";
import { type Column, Grid } from "@/ui/grid";
import { Page, Panel } from "@/ui/panel";
import { Empty, Failure, Notice } from "@/ui/say";
import { Time } from "@/ui/time";

type Member = Schema<"Member">;
type Role = Member["role"];

const roles: Record<Role, string> = {
  viewer: "sees everything, changes nothing",
  operator: "also syncs, writes and runs flows",
  admin: "also connects systems, makes keys and flows, invites people",
  owner: "also gives and takes the roles of admins and owners",
};

export default function Members() {
  const list = useQuery(members);
  const { data: who } = useSuspenseQuery(me);
  const may = useMay()("admin");
  const invited = useQuery({ ...invitations, enabled: may });
  const [inviting, setInviting] = useState(false);
  const [changing, change] = useState<Member>();
  const [removing, remove] = useState<Member>();
  const [revoking, revoke] = useState<Schema<"Invitation">>();
  const out = useAct((m: Member) => data(api.DELETE("/v1/members/{id}", { params: { path: { id: m.id } } })), ["members"]);
  const end = useAct((i: Schema<"Invitation">) => data(api.POST("/v1/invitations/{id}/revoke", { params: { path: { id: i.id } } })), ["members"]);
  const columns: Column<Member>[] = [
    { name: "Name", width: "minmax(9rem,1.5fr)", cell: (m) => <><span className="font-semibold">{m.name}</span>{m.id === who.member?.id ? <span className="text-muted"> (you)</span> : null}</> },
    { name: "E-mail", width: "minmax(10rem,1.5fr)", wide: true, cell: (m) => m.email },
    { name: "Role", width: "7rem", cell: (m) => (m.disabled ? <Badge tone="bad">Disabled</Badge> : words(m.role)) },
    { name: "Last login", width: "8rem", wide: true, cell: (m) => <Time at={m.last_login_at} /> },
    {
      name: "",
      width: "10rem",
      right: true,
      cell: (m) => may && m.id !== who.member?.id ? (
        <span className="inline-flex gap-1">
          <Button size="small" look="quiet" onClick={() => change(m)}>Change</Button>
          <Button size="small" look="quiet" onClick={() => remove(m)} aria-label={`Remove ${m.name}`}>Remove</Button>
        </span>
      ) : null,
    },
  ];
  const open = invited.data?.data.filter((i) => i.status === "open") ?? [];
  return (
    <Page title="Members" lead="Who may use this project, and for what." actions={may ? <Button look="main" onClick={() => setInviting(true)}>Invite somebody</Button> : null}>
      <Panel flush>
        {list.error ? <div className="p-4"><Failure error={list.error} again={() => void list.refetch()} /></div> : null}
        <Grid label="Members" rows={list.data?.data ?? []} columns={columns} id={(m) => m.id} loading={list.isPending} empty={<Empty title="Nobody yet" />} />
      </Panel>
      {open.length ? (
        <Panel flush title="Invited">
          <Grid
            label="Invitations"
            rows={open}
            id={(i) => i.id}
            empty={null}
            columns={[
              { name: "E-mail", width: "minmax(10rem,2fr)", cell: (i) => i.email },
              { name: "Role", width: "7rem", cell: (i) => words(i.role) },
              { name: "Status", width: "7rem", wide: true, cell: (i) => <State state={i.status} /> },
              { name: "Ends", width: "8rem", wide: true, cell: (i) => <Time at={i.expires_at} /> },
              { name: "", width: "6rem", right: true, cell: (i) => <Button size="small" look="quiet" onClick={() => revoke(i)}>Revoke</Button> },
            ]}
          />
        </Panel>
      ) : null}
      <Invite open={inviting} onClose={() => setInviting(false)} />
      {changing ? <Change of={changing} onClose={() => change(undefined)} /> : null}
      <Confirm open={Boolean(removing)} onClose={() => remove(undefined)} danger title={`Remove ${removing?.name}?`} label="Remove" act={() => out.mutateAsync(removing!)}>
        <p>All sessions end at once, and nobody can log in as {removing?.name} any more. What the person did stays in the audit log.</p>
      </Confirm>
      <Confirm open={Boolean(revoking)} onClose={() => revoke(undefined)} danger title={`Revoke the invitation of ${revoking?.email}?`} label="Revoke" act={() => end.mutateAsync(revoking!)}>
        <p>Its link does not work any more.</p>
      </Confirm>
    </Page>
  );
}

function RoleField({ value, onChange }: { value: Role; onChange: (r: Role) => void }) {
  return (
    <SelectField label="Role" value={value} onChange={(e) => onChange(e.target.value as Role)} help={`${words(value)} ${roles[value]}.`}>
      {(Object.keys(roles) as Role[]).map((r) => (
        <option key={r} value={r}>{words(r)}</option>
      ))}
    </SelectField>
  );
}

function Invite({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const make = useAct(() => data(api.POST("/v1/invitations", { body: { email, role } })), ["members"]);
  const close = () => {
    make.reset();
    setEmail("");
    onClose();
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    make.mutate(undefined);
  };
  return (
    <Dialog title={make.data ? "The invitation" : "Invite somebody"} open={open} onClose={close}>
      {make.data ? (
        <>
          <Notice tone="warn" title="Send this link. It is not shown again." />
          <Secret text={location.origin + make.data.path} label="Copy the link" />
          <div className="flex justify-end"><Button look="main" onClick={close}>Done</Button></div>
        </>
      ) : (
        <form onSubmit={submit} className="space-y-4">
          <TextField label="E-mail address" type="email" required value={email} onChange={(e) => setEmail(e.target.value)} />
          <RoleField value={role} onChange={setRole} />
          <Failure error={make.error} />
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" look="main" busy={make.isPending}>Make the link</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Change({ of: m, onClose }: { of: Member; onClose: () => void }) {
  const [role, setRole] = useState(m.role);
  const [disabled, setDisabled] = useState(m.disabled);
  const act = useAct(() => data(api.PATCH("/v1/members/{id}", { params: { path: { id: m.id } }, body: { role, disabled } as never })), ["members"]);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void act.mutateAsync(undefined).then(onClose, () => undefined);
  };
  return (
    <Dialog open title={m.name} onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        <RoleField value={role} onChange={setRole} />
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" className="size-4" checked={disabled} onChange={(e) => setDisabled(e.target.checked)} />
          May not log in for now
        </label>
        <Failure error={act.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={act.isPending}>Save</Button>
        </div>
      </form>
    </Dialog>
  );
}

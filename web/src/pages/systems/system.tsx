import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "@/api/may";
import { system, systemCapabilities } from "@/api/queries";
import { Badge } from "@/ui/badge";
import { button } from "@/ui/button";
import { Markdown } from "@/ui/markdown";
import { Matrix } from "@/ui/matrix";
import { Facts, Page, Panel } from "@/ui/panel";
import { Empty, Failure, Loading } from "@/ui/say";
import { Evidence, Proof } from "./evidence";

const route = getRouteApi("/systems/$system");

export default function OneSystem() {
  const { system: name } = route.useParams();
  const read = useQuery(system(name));
  const can = useQuery(systemCapabilities(name));
  const may = useMay()("connect");
  if (read.error) return <Page title="System"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const s = read.data;
  if (!s) return <Loading rows={10} />;
  return (
    <Page
      crumbs={<Link to="/systems" className="hover:underline">Systems</Link>}
      title={<>{s.name} {s.simulated ? <Badge tone="quiet">Simulated</Badge> : null}</>}
      lead={s.summary}
      actions={may ? <Link to="/connections/new" search={{ system: s.system }} className={button({ look: "main" })}>Connect</Link> : undefined}
    >
      <Panel>
        <Facts
          of={[
            ["Kind", s.categories.map((c) => c.toUpperCase()).join(", ") || "–"],
            ["Versions", s.versions.join(", ") || "any"],
            ["Entities", String(s.entities.length)],
            ["Ways to log in", s.auth.map((a) => a.method).join(", ") || "–"],
            ["How it is known", can.data ? <Proof key="p" of={can.data.entities} /> : "–"],
          ]}
        />
      </Panel>
      <Panel flush title="What it allows">
        {can.error ? <div className="p-4"><Failure error={can.error} again={() => void can.refetch()} /></div> : null}
        {can.isPending ? <Loading /> : null}
        {can.data?.entities.length ? <Matrix of={can.data.entities} /> : null}
        {can.data && !can.data.entities.length ? <Empty title="It depends on the connection">What this system allows is known once it is connected: each connection shows it under “Capabilities”.</Empty> : null}
        <div className="border-t border-line bg-sunken p-4"><Evidence /></div>
      </Panel>
      <Panel title="How to connect it">
        <div className="max-w-4xl"><Markdown text={s.guide} /></div>
      </Panel>
    </Page>
  );
}

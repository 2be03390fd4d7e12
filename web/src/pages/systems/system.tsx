import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { system, systemCapabilities } from "@/api/queries";
import { Badge } from "@/ui/badge";
import { button } from "@/ui/button";
import { Markdown } from "@/ui/markdown";
import { Matrix } from "@/ui/matrix";
import { Page, Panel } from "@/ui/panel";
import { Failure, Loading } from "@/ui/say";

const route = getRouteApi("/systems/$system");

export default function OneSystem() {
  const { system: name } = route.useParams();
  const read = useQuery(system(name));
  const can = useQuery(systemCapabilities(name));
  if (read.error) return <Page title="System"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  const s = read.data;
  if (!s) return <Loading rows={10} />;
  return (
    <Page
      crumbs={<Link to="/systems" className="hover:underline">Systems</Link>}
      title={<>{s.name} {s.simulated ? <Badge tone="quiet">Simulated</Badge> : null}</>}
      lead={s.summary}
      actions={<Link to="/connections/new" search={{ system: s.system }} className={button({ look: "main" })}>Connect one</Link>}
    >
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)]">
        <Panel flush title="What it allows">
          {can.error ? <div className="p-4"><Failure error={can.error} /></div> : can.data ? <Matrix of={can.data.entities} /> : <Loading />}
        </Panel>
        <Panel title="How to connect it">
          <Markdown text={s.guide} />
        </Panel>
      </div>
    </Page>
  );
}

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { connection } from "@/api/queries";
import { State } from "@/ui/badge";
import { Facts, Page, Panel } from "@/ui/panel";
import { Failure, Loading } from "@/ui/say";
import { Time } from "@/ui/time";

const route = getRouteApi("/connections/$id");

export default function Connection() {
  const { id } = route.useParams();
  const { data: c, error, refetch } = useQuery(connection(id));
  if (error) return <Page title="Connection"><Failure error={error} again={() => void refetch()} /></Page>;
  if (!c) return <Loading rows={8} />;
  return (
    <Page crumbs={<Link to="/connections" className="hover:underline">Connections</Link>} title={<>{c.name} <State state={c.status} /></>} lead={c.status_detail}>
      <Panel>
        <Facts of={[["System", c.system_name], ["Version", c.system_version || "not told"], ["Time zone", c.time_zone], ["Last success", <Time key="t" at={c.last_success_at} />], ["Since", <Time key="s" at={c.status_since} />]]} />
      </Panel>
    </Page>
  );
}

import { useQuery } from "@tanstack/react-query";
import { overview } from "@/api/queries";
import { Page } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Activity } from "./activity";
import { Connections, Streams } from "./counts";
import { Failures } from "./failures";
import { FirstSteps, useBeginner } from "./first";
import { sentence } from "./sentence";
import { Waiting } from "./waiting";

/** Overview answers whether everything is well, and leads to what is not. */
export default function Overview() {
  const read = useQuery(overview);
  const o = read.data;
  const beginner = useBeginner(o);
  if (read.error && !o) return <Page title="Overview"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  if (!o) return <Page title="Overview"><Loading rows={8} /></Page>;
  const said = sentence(o);
  return (
    <Page title="Overview" lead={beginner ? "Three steps to the first record." : undefined}>
      {read.error ? <Failure error={read.error} again={() => void read.refetch()} /> : null}
      {beginner ? <FirstSteps of={o} /> : <Notice tone={said.tone} title={said.title}>{said.more ? <p>{said.more}</p> : null}</Notice>}
      <Waiting of={o.waiting} />
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_25rem]">
        <div className="min-w-0 space-y-5">
          <Activity of={o.activity} />
          <Failures of={o.failures} />
        </div>
        <div className="grid min-w-0 items-start gap-5 md:grid-cols-2 xl:grid-cols-1">
          <Connections of={o.connections} />
          <Streams of={o.streams} worst={o.worst_streams} />
        </div>
      </div>
    </Page>
  );
}

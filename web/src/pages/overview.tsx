import { useQuery } from "@tanstack/react-query";
import { overview } from "@/api/queries";
import { Page } from "@/ui/panel";
import { Failure, Loading, Notice } from "@/ui/say";
import { Activity } from "./overview/activity";
import { Connections, Streams } from "./overview/counts";
import { Failures } from "./overview/failures";
import { FirstSteps, useBeginner } from "./overview/first";
import { sentence } from "./overview/sentence";
import { Waiting } from "./overview/waiting";

/** Overview answers whether everything is well, and leads to what is not. */
export default function Overview() {
  const read = useQuery(overview);
  const o = read.data;
  const beginner = useBeginner(o);
  if (read.error && !o) return <Page title="Overview"><Failure error={read.error} again={() => void read.refetch()} /></Page>;
  if (!o) return <Page title="Overview"><Loading rows={8} /></Page>;
  if (beginner) return <Page title="Overview" lead="Three steps to the first record."><FirstSteps of={o} /></Page>;
  const said = sentence(o);
  return (
    <Page title="Overview">
      {read.error ? <Failure error={read.error} again={() => void read.refetch()} /> : null}
      <Notice tone={said.tone} title={said.title}>{said.more ? <p>{said.more}</p> : null}</Notice>
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

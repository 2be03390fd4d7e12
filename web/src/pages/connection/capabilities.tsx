import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { capabilities } from "@/api/queries";
import { Panel } from "@/ui/panel";
import { Failure, Loading } from "@/ui/say";
import { Matrix } from "@/ui/matrix";

export default function Capabilities({ of: c }: { of: Schema<"Connection"> }) {
  const read = useQuery(capabilities(c.id));
  if (read.error) return <Failure error={read.error} again={() => void read.refetch()} />;
  return (
    <Panel flush title="What this connection can do">
      {read.data ? <Matrix of={read.data.entities} /> : <Loading />}
    </Panel>
  );
}

import type { Schema } from "@/api/client";
import { Panel } from "@/ui/panel";

export default function Builder({ of: f }: { of: Schema<"FlowDetail"> }) {
  return (
    <Panel flush title="Document">
      <pre tabIndex={0} className="overflow-auto p-4 font-mono text-xs">{f.document}</pre>
    </Panel>
  );
}

import { Link } from "@tanstack/react-router";
import { ApiError } from "@/api/client";
import { Failure, Notice } from "@/ui/say";

/** Answered is what a write came to that did not simply end: it is on its way in an operation, or it failed. */
export interface Answered {
  operation?: string;
  error?: unknown;
}

/** Answer tells what the answer to a write means, and leads to the operation in which it goes on. */
export function Answer({ of: a, connection, again }: { of: Answered | undefined; connection: string; again: string }) {
  if (!a) return null;
  const problem = a.error instanceof ApiError ? a.error.problem : undefined;
  const doubt = problem?.code === "write-outcome-unknown";
  const id = a.operation ?? (problem as { operation?: string } | undefined)?.operation?.split("/").at(-1);
  const link = id ? (
    <Link to="/operations/$connection/$id" params={{ connection, id }} className="font-semibold text-ink underline">See the operation</Link>
  ) : null;
  if (!a.error) return <Notice tone="warn" title="It is on its way."><p>The system has not answered yet. Busbar goes on by itself, and the operation tells how it ends.</p>{link}</Notice>;
  if (doubt) return <Notice tone="warn" title="It may have happened."><p>{problem.detail}</p><p>Do not write it again before that is known.</p>{link}</Notice>;
  if (problem?.status === 0) return <Notice tone="warn" title="No answer came."><p>It is not known whether it was written. {again}</p></Notice>;
  if (problem?.status === 412) return <Notice tone="warn" title="Somebody else has changed it meanwhile."><p>Nothing was written. {problem.detail} Load the page again to begin from what is there now.</p></Notice>;
  return (
    <>
      <Failure error={a.error} />
      {link}
    </>
  );
}

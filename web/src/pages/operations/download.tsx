import { Download as Icon } from "lucide-react";
import { useState } from "react";
import { call, of } from "@/api/client";
import { Button } from "@/ui/button";
import { Failure } from "@/ui/say";

/** Download saves the items of an operation as a table for spreadsheets. */
export function Download({ connection, id, status }: { connection: string; id: string; status: string }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await call(new Request(`/v1/operations/${id}/items.csv${status ? `?status=${status}` : ""}`, { headers: of(connection) }));
      const address = URL.createObjectURL(await answer.blob());
      const link = document.createElement("a");
      link.href = address;
      link.download = `operation-${id}${status ? `-${status}` : ""}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button busy={busy} onClick={() => void save()}>
        {busy ? null : <Icon size={15} aria-hidden />}
        Download as CSV
      </Button>
      {error ? <div className="basis-full"><Failure error={error} /></div> : null}
    </>
  );
}

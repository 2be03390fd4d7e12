import { X } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button } from "./button";
import { cx } from "./cx";
import { Failure } from "./say";

/** Dialog is a window over the page: the browser's own, so focus stays in it, Escape closes it, and it goes back to where it came from. */
export function Dialog({ title, open, onClose, wide, children }: { title: string; open: boolean; onClose: () => void; wide?: boolean; children: ReactNode }) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const d = box.current;
    if (open && d && !d.open) d.showModal();
    if (!open && d?.open) d.close();
  }, [open]);
  return (
    <dialog ref={box} aria-labelledby={id} onClose={onClose} className={cx("m-auto rounded-xl border border-line bg-surface p-0 shadow-xl", wide ? "w-[min(60rem,calc(100vw-2rem))]" : "w-[min(36rem,calc(100vw-2rem))]")}>
      {open ? (
        <div className="max-h-[85dvh] overflow-auto">
          <header className="flex items-start justify-between gap-4 border-b border-line px-5 py-4">
            <h2 id={id}>{title}</h2>
            <Button look="quiet" size="small" aria-label="Close" onClick={onClose} className="-mt-1 -mr-2 text-muted">
              <X size={16} aria-hidden />
            </Button>
          </header>
          <div className="space-y-4 px-5 py-4">{children}</div>
        </div>
      ) : null}
    </dialog>
  );
}

/** Confirm asks before an act, and says what it will do. The act's failure is shown in it. */
export function Confirm(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  act: () => Promise<unknown>;
  label: string;
  danger?: boolean;
  /** What has to be typed first, for what cannot be undone. */
  type?: string;
  children: ReactNode;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [typed, setTyped] = useState("");
  const id = useId();
  useEffect(() => {
    if (props.open) {
      setError(undefined);
      setTyped("");
    }
  }, [props.open]);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await props.act();
      props.onClose();
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      <form onSubmit={submit} className="space-y-4">
        <div className="space-y-3 text-sm">{props.children}</div>
        {props.type ? (
          <label htmlFor={id} className="block text-sm">
            Type <code className="rounded bg-sunken px-1 font-mono">{props.type}</code> to go on
            <input id={id} value={typed} onChange={(e) => setTyped(e.target.value)} autoComplete="off" className="mt-1 block min-h-9 w-full rounded-lg border border-edge bg-surface px-3" />
          </label>
        ) : null}
        <Failure error={error} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" look={props.danger ? "danger" : "main"} busy={busy} disabled={Boolean(props.type) && typed !== props.type}>
            {props.label}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

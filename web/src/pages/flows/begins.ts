import type { Schema } from "@/api/client";

const kinds: Record<string, string> = { manual: "By hand", schedule: "On a schedule", change: "When records change", webhook: "When it is called" };

/** begins says what begins the runs of a flow. */
export const begins = (t: Schema<"FlowTrigger">) => kinds[t.kind] ?? t.kind;

/** isOpen tells whether a run has not ended. */
export const isOpen = (state: string) => ["queued", "running", "waiting"].includes(state);

/** nameOfStep is what the step of an item is called: - are those on top. */
export const nameOfStep = (step: string) => (step === "-" ? "The steps on top" : step);

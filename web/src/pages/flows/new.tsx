import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { parse } from "yaml";
import { Button } from "@/ui/button";
import { Page } from "@/ui/panel";
import { Loading } from "@/ui/say";

const Builder = lazy(() => import("./builder/index"));

/** The flows to begin with are the files of examples/flows, as they stand. */
const files = import.meta.glob<string>("../../../../examples/flows/*.yaml", { query: "?raw", import: "default", eager: true });
const templates = Object.values(files).map((text) => ({ text, ...(parse(text) as { flow: string; title?: string; description?: string }) }));

const blank = "flow: new-flow\ntitle: A new flow\nconnections: {}\nsteps: []\n";

export default function NewFlow() {
  const [text, begin] = useState<string>();
  const navigate = useNavigate();
  return (
    <Page crumbs={<Link to="/flows" className="hover:underline">Flows</Link>} title="New flow" lead={text ? undefined : "Begin with one that does nearly what you want, or with nothing."}>
      {text === undefined ? (
        <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
          {[...templates, { text: blank, flow: "new-flow", title: "An empty flow", description: "Nothing in it yet." }].map((t) => (
            <li key={t.flow} className="flex flex-col gap-2 rounded-xl border border-line bg-surface p-4">
              <h2>{t.title ?? t.flow}</h2>
              <p className="flex-1 text-sm text-muted">{t.description}</p>
              <Button className="self-start" onClick={() => begin(t.text)}>Begin with it</Button>
            </li>
          ))}
        </ul>
      ) : (
        <Suspense fallback={<Loading rows={10} />}>
          <Builder begin={text} saved={(name) => void navigate({ to: "/flows/$name", params: { name } })} />
        </Suspense>
      )}
    </Page>
  );
}

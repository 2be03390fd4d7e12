import { lazy, Suspense } from "react";
import { Loading } from "./say";

const Body = lazy(() => import("./markdown-body"));

/** Markdown shows a text in Markdown, such as the guide of a connector. What reads it is loaded with the first text. */
export function Markdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<Loading rows={6} />}>
      <Body text={text} />
    </Suspense>
  );
}

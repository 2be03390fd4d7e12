import createClient from "openapi-fetch";
import { attended } from "./attended";
import { answered, keyOf } from "./once";
import { askProof, provenSince } from "./prove";
import type { components, paths } from "./schema";

/** Schema gives the type of a component of the API's document. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Problem is what the API says when it cannot do something (RFC 9457). */
export interface Problem {
  code: string;
  title: string;
  status: number;
  detail?: string;
  request_id?: string;
  retryable?: boolean;
  errors?: { pointer?: string; code?: string; detail?: string }[];
}

/** ApiError is a Problem as an exception. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

/** problemOf reads the problem of an answer; one that is none, or none at all, becomes one. */
export async function problemOf(answer: Response): Promise<Problem> {
  const id = answer.headers.get("Request-Id") ?? undefined;
  try {
    const body = (await answer.json()) as Partial<Problem>;
    if (body.code) return { title: answer.statusText, status: answer.status, request_id: id, ...body } as Problem;
  } catch {
    // not JSON: what stands between browser and server has answered
  }
  return { code: "no-answer", title: "Busbar did not answer.", status: answer.status, request_id: id, detail: `The server answered ${answer.status} without saying why. Try again in a moment.` };
}

/** offline is the problem that no answer comes. */
export const offline: Problem = { code: "offline", title: "Busbar cannot be reached.", status: 0, detail: "Check that the server runs and that this computer reaches it, then try again.", retryable: true };

/** logIn leads to the login, and from there back to this page. Nothing comes back from it: the page goes away. */
function logIn(): Promise<never> {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  return new Promise(() => undefined);
}

/** call sends a request as calling does. */
export const call = (request: Request) => calling(() => request.clone());

/** calling sends a request with the session of whoever is logged in. Where the API wants a proof of who that is, the person is asked for it and the request is made and sent again. Every failure is thrown as an ApiError. What writes to a system is done once, also when it is sent again because no answer came. */
export async function calling(make: () => Request): Promise<Response> {
  const request = make();
  if (request.method !== "GET") request.headers.set("Busbar-Request", "1");
  const once = await keyOf(request);
  if (!attended()) request.headers.set("Busbar-Unattended", "1");
  const sent = performance.now();
  const answer = await fetch(request).catch((e: unknown) => {
    if (!request.signal.aborted) throw new ApiError(offline);
    answered(once); // nobody waits for it any more
    throw e;
  });
  const problem = answer.ok ? undefined : await problemOf(answer);
  if (!problem || !unsettled(problem)) answered(once);
  if (!problem) return answer;
  if (answer.status === 401) return provenSince(sent) ? calling(make) : logIn();
  if (problem.code === "reauthentication-required" && (await askProof())) return calling(make);
  throw new ApiError(problem);
}

/** unsettled says that a problem leaves open whether the request had, or will have, its effect: no answer came, or something between browser and server gave it. */
export function unsettled(problem: Problem | undefined): boolean {
  return !problem || ["offline", "no-answer", "operation-in-progress", "write-outcome-unknown"].includes(problem.code);
}

/** api calls the public API. */
export const api = createClient<paths>({ baseUrl: "", fetch: call });

/** data gives what a call answered. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** of is the header that names the connection a call of the data plane is about. */
export function of(connection: string) {
  return { "Busbar-Connection": connection } as const;
}

import createClient, { type Middleware } from "openapi-fetch";
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

const manners: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("Busbar-Request", "1");
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new ApiError(problem);
  },
  onError() {
    throw new ApiError({ code: "offline", title: "Busbar cannot be reached.", status: 0, detail: "Check that the server runs and that this computer reaches it, then try again.", retryable: true });
  },
};

/** api calls the public API with the session of whoever is logged in. Every failure is thrown as an ApiError. */
export const api = createClient<paths>({ baseUrl: "" });
api.use(manners);

/** data gives what a call answered. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** of is the header that names the connection a call of the data plane is about. */
export function of(connection: string) {
  return { "Busbar-Connection": connection } as const;
}

import schema from "../../../../../docs/flows/flow.schema.json";

/** Form is a JSON Schema as far as the builder uses one. */
export interface Form {
  $ref?: string;
  type?: string | string[];
  enum?: string[];
  description?: string;
  examples?: string[];
  properties?: Record<string, Form>;
  additionalProperties?: boolean | Form;
  items?: Form;
  required?: string[];
  oneOf?: { required: string[] }[];
}

const defs = schema.$defs as unknown as Record<string, Form>;

/** formOf follows references to the form that they name. */
export function formOf(f: Form): Form {
  const name = f.$ref?.replace("#/$defs/", "");
  return name ? formOf({ ...defs[name], $ref: undefined }) : f;
}

export const document = schema as unknown as Form;
export const step = defs.stepForm!;

/** kinds are the kinds of steps, in the order of the language. */
export const kinds = step.oneOf!.map((o) => o.required[0]!);

/** kindOf tells the kind of a step as it stands in a document. */
export function kindOf(s: Record<string, unknown>): string {
  return kinds.find((k) => k in s) ?? "step";
}

/** begun is what a new step of a kind begins with: its required members, empty. */
export function begun(kind: string): unknown {
  const f = formOf(step.properties![kind]!);
  if (kind === "branch") return [{ if: "true", steps: [] }];
  if (!f.properties) return kind === "filter" ? "true" : {};
  const names = new Set(f.required ?? []);
  for (const name of f.oneOf?.[0]?.required ?? []) names.add(name);
  return Object.fromEntries([...names].map((name) => [name, name === "steps" ? [] : name === "by" || name === "data" ? {} : (formOf(f.properties![name]!).enum?.[0] ?? "")]));
}

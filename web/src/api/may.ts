import { useQuery } from "@tanstack/react-query";
import type { Schema } from "./client";
import { me } from "./queries";

type Scope = Schema<"Me">["scopes"] extends (infer S)[] | null ? S : never;

/** useMay tells whether whoever is logged in may do what a scope allows. The server refuses anyway; what one may not do is not offered. */
export function useMay(): (scope: Scope) => boolean {
  const scopes = useQuery(me).data?.scopes;
  return (scope) => scopes?.includes(scope) ?? false;
}

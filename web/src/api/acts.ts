import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";

/** useAct gives an act that makes what it may have changed stale. Its failure is the caller's to show. */
export function useAct<In, Out>(act: (input: In) => Promise<Out>, ...changes: QueryKey[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => Promise.all(changes.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

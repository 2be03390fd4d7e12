import { useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState, useSyncExternalStore } from "react";
import { useAct } from "@/api/acts";
import { ApiError, api, data } from "@/api/client";
import { answerProof, proofAsked } from "@/api/prove";
import { me } from "@/api/queries";
import { Button, button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Failure } from "@/ui/say";

/** Proof asks for the password where an act wants to know again who does it, whatever page or dialog the act began in. */
export function Proof() {
  const asked = useSyncExternalStore(proofAsked.subscribe, proofAsked.get);
  return (
    <Dialog title="Is it still you?" open={asked} onClose={() => answerProof(false)}>
      <Ask />
    </Dialog>
  );
}

function Ask() {
  const { data: who } = useSuspenseQuery(me);
  return who.member?.has_password === false ? <Elsewhere /> : <Password email={who.member?.email ?? ""} />;
}

function Password({ email }: { email: string }) {
  const [password, setPassword] = useState("");
  const prove = useAct(() => data(api.POST("/v1/session/reauthenticate", { body: { password } })));
  const wrong = prove.error instanceof ApiError && prove.error.problem.status === 422;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    e.stopPropagation();
    prove.mutate(undefined, { onSuccess: () => answerProof(true) });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <p className="text-sm">What you are about to do gives out a secret or takes something away for good. You logged in more than ten minutes ago, so enter your password once more; then it goes on.</p>
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <TextField label="Password" type="password" autoComplete="current-password" required autoFocus value={password} onChange={(e) => setPassword(e.target.value)} error={wrong ? "That is not your password." : undefined} />
      {wrong ? null : <Failure error={prove.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={() => answerProof(false)}>Cancel</Button>
        <Button type="submit" look="main" busy={prove.isPending}>Go on</Button>
      </div>
    </form>
  );
}

function Elsewhere() {
  return (
    <div className="space-y-4">
      <p className="text-sm">What you are about to do gives out a secret or takes something away for good, and you logged in more than ten minutes ago. Log in anew at your login server, on the page of your account; then come back to this one and go on.</p>
      <div className="flex justify-end gap-2">
        <Button onClick={() => answerProof(false)}>Cancel</Button>
        <a className={button({ look: "plain" })} href="/account#elsewhere" target="_blank" rel="noreferrer">Open my account</a>
        <Button look="main" onClick={() => answerProof(true)}>I have logged in, go on</Button>
      </div>
    </div>
  );
}

import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "./cx";

export const input = "block min-h-9 w-full rounded-lg border border-edge bg-surface px-3 text-sm text-text placeholder:text-muted";

interface Around {
  label: string;
  help?: ReactNode;
  error?: string;
  optional?: boolean;
  hideLabel?: boolean;
  className?: string;
}

/** Field is a label, its input, what helps and what is wrong. */
export function Field({ label, help, error, optional, hideLabel, className, children }: Around & { children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode }) {
  const id = useId();
  const described = [help ? `${id}-help` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ") || undefined;
  return (
    <div className={cx("space-y-1", className)}>
      <label htmlFor={id} className={hideLabel ? "sr-only" : "block text-sm font-semibold"}>
        {label}
        {optional ? <span className="font-normal text-muted"> (optional)</span> : null}
      </label>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {help ? <p id={`${id}-help`} className="text-xs text-muted">{help}</p> : null}
      {error ? <p id={`${id}-error`} className="text-sm font-medium text-bad">{error}</p> : null}
    </div>
  );
}

export function TextField({ label, help, error, optional, hideLabel, className, ...rest }: Around & ComponentProps<"input">) {
  return (
    <Field {...{ label, help, error, optional, hideLabel, className }}>
      {(ids) => <input {...ids} {...rest} className={cx(input, error && "border-bad")} />}
    </Field>
  );
}

export function SelectField({ label, help, error, optional, hideLabel, className, children, ...rest }: Around & ComponentProps<"select">) {
  return (
    <Field {...{ label, help, error, optional, hideLabel, className }}>
      {(ids) => (
        <select {...ids} {...rest} className={cx(input, "pr-8", error && "border-bad")}>
          {children}
        </select>
      )}
    </Field>
  );
}

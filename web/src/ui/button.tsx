import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cx } from "./cx";

export const button = cva(
  "inline-flex items-center justify-center gap-2 rounded-lg border font-semibold whitespace-nowrap transition-colors disabled:opacity-55 aria-disabled:opacity-55",
  {
    variants: {
      look: {
        main: "border-ink bg-accent text-on-accent hover:bg-accent-hover",
        plain: "border-edge bg-surface text-text hover:bg-sunken",
        quiet: "border-transparent bg-transparent text-ink hover:bg-sunken",
        danger: "border-bad bg-surface text-bad hover:bg-bad-soft",
      },
      size: { normal: "min-h-9 px-3.5 text-sm", small: "min-h-8 px-2.5 text-[0.8125rem]", icon: "size-9 p-0" },
    },
    defaultVariants: { look: "plain", size: "normal" },
  },
);

type Props = ComponentProps<"button"> & VariantProps<typeof button> & { busy?: boolean };

/** Button is a button; while busy it cannot be pressed again. */
export function Button({ look, size, busy, className, children, disabled, type = "button", ...rest }: Props) {
  return (
    <button type={type} className={cx(button({ look, size }), className)} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <Spinner /> : null}
      {children}
    </button>
  );
}

export function Spinner() {
  return <span aria-hidden className="size-3.5 animate-spin rounded-full border-2 border-current border-r-transparent" />;
}

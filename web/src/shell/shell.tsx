import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Boxes, Cable, FileClock, Gauge, KeyRound, ListChecks, Menu, Monitor, Moon, Plug, ScrollText, Sun, Users, Workflow } from "lucide-react";
import { useEffect, useState } from "react";
import { useMay } from "@/api/may";
import { me } from "@/api/queries";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Proof } from "./proof";
import { chooseTheme, type Theme, useTheme } from "./theme";

const places = [
  { to: "/", name: "Overview", icon: Gauge, exact: true },
  { to: "/connections", name: "Connections", icon: Cable },
  { to: "/records", name: "Records", icon: Boxes },
  { to: "/operations", name: "Operations", icon: ListChecks },
  { to: "/flows", name: "Flows", icon: Workflow },
  { to: "/systems", name: "Systems", icon: Plug },
] as const;

const project = [
  { to: "/members", name: "Members", icon: Users },
  { to: "/keys", name: "Keys", icon: KeyRound },
  { to: "/audit", name: "Audit log", icon: FileClock },
] as const;

/** Shell is what stands around every page: where one can go, who one is. */
export function Shell() {
  const [open, setOpen] = useState(false);
  const may = useMay();
  const path = useRouterState({ select: (s) => s.location.pathname });
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a href="#main" className="absolute -top-20 left-4 z-30 rounded-lg bg-surface px-3 py-2 focus:top-2">Skip to the page</a>
      <header className="sticky top-0 z-20 flex items-center justify-between border-b border-line bg-surface px-4 py-2 lg:hidden">
        <Brand />
        <Button look="quiet" size="icon" aria-label="Menu" aria-expanded={open} aria-controls="places" onClick={() => setOpen(!open)}>
          <Menu size={20} aria-hidden />
        </Button>
      </header>
      <aside id="places" aria-label="Menu" className={cx("border-b border-line bg-surface lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col lg:border-r lg:border-b-0", open ? "block" : "hidden")}>
        <div className="hidden px-5 pt-5 pb-3 lg:block">
          <Brand />
        </div>
        <nav aria-label="Pages" className="flex-1 space-y-5 overflow-auto px-3 py-3">
          <Places of={places} />
          {may("admin") ? (
            <div>
              <p className="px-2.5 pb-1 text-xs font-semibold text-muted">Project</p>
              <Places of={project} />
            </div>
          ) : null}
        </nav>
        <Foot />
      </aside>
      <main id="main" tabIndex={-1} className="min-w-0 outline-none">
        <Outlet />
      </main>
      <Proof />
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className="inline-flex items-center gap-2.5 text-[1.0625rem] font-bold tracking-tight">
      <img src="/site/icon.svg" alt="" width={24} height={24} />
      Busbar
    </Link>
  );
}

function Places({ of }: { of: readonly { to: string; name: string; icon: typeof Gauge; exact?: boolean }[] }) {
  return (
    <ul className="space-y-0.5">
      {of.map(({ to, name, icon: Icon, exact }) => (
        <li key={to}>
          <Link
            to={to}
            activeOptions={{ exact: exact ?? false }}
            className="flex min-h-9 items-center gap-2.5 rounded-lg px-2.5 text-sm text-muted hover:bg-sunken hover:text-text aria-[current=page]:bg-accent-soft aria-[current=page]:font-semibold aria-[current=page]:text-ink"
          >
            <Icon size={17} aria-hidden className="shrink-0" />
            {name}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Foot() {
  const { data: who } = useSuspenseQuery(me);
  return (
    <div className="space-y-3 border-t border-line px-4 py-4 text-sm">
      <div className="flex items-center justify-between gap-2">
        <a href="/account" className="min-w-0 hover:underline">
          <span className="block truncate font-semibold">{who.label}</span>
          <span className="block truncate text-xs text-muted">{who.member ? `${who.member.role} · ${who.member.email}` : who.kind}</span>
        </a>
        <ThemeChoice />
      </div>
      <div className="flex gap-4 text-xs text-muted">
        <a href="/docs" className="inline-flex items-center gap-1 hover:underline"><ScrollText size={13} aria-hidden />API reference</a>
        <form method="post" action="/logout"><button type="submit" className="hover:underline">Log out</button></form>
      </div>
    </div>
  );
}

const next: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function ThemeChoice() {
  const theme = useTheme();
  const Icon = { system: Monitor, light: Sun, dark: Moon }[theme];
  return (
    <Button look="quiet" size="icon" aria-label={`Theme: ${theme}. Change to ${next[theme]}.`} title={`Theme: ${theme}`} onClick={() => chooseTheme(next[theme])} className="text-muted">
      <Icon size={16} aria-hidden />
    </Button>
  );
}

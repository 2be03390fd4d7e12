import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
const key = "busbar-theme";
const listeners = new Set<() => void>();

function read(): Theme {
  const kept = localStorage.getItem(key);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** showTheme shows the theme that was chosen. */
export function showTheme() {
  const theme = read();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function chooseTheme(theme: Theme) {
  localStorage.setItem(key, theme);
  showTheme();
  for (const tell of listeners) tell();
}

export const useTheme = () =>
  useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, read);

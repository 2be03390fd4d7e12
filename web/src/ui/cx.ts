import { type ClassValue, clsx } from "clsx";
import { twMerge } from "tailwind-merge";

/** cx joins class names; the later of two that say the same thing wins. */
export const cx = (...names: ClassValue[]) => twMerge(clsx(names));

/** A history router for a few addresses: nothing here needs nested routes, loaders or a library. */
import { useSyncExternalStore } from "react";

const EXPERIMENTS = {
  compare: "comparison",
  sweep: "sweep",
  capacity: "capacity",
  cheapest: "cheapest",
  sensitivity: "sensitivity",
} as const;

export type Page =
  | { readonly page: "gallery" }
  | { readonly page: "design"; readonly designId: string; readonly runId: string | null }
  | { readonly page: "runs" }
  | {
      readonly page: "experiment";
      readonly kind: (typeof EXPERIMENTS)[keyof typeof EXPERIMENTS];
      readonly designId: string;
      readonly experimentId: string | null;
    }
  | { readonly page: "missing"; readonly path: string };

/** Read an address as a page; addresses Headrace does not have become "missing". */
export function pageOf(path: string): Page {
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.length === 0) return { page: "gallery" };
  if (parts[0] === "runs" && parts.length === 1) return { page: "runs" };
  if (parts[0] === "designs" && parts[1]) {
    if (parts.length === 2) return { page: "design", designId: parts[1], runId: null };
    const kind = Object.entries(EXPERIMENTS).find(([word]) => word === parts[2])?.[1];
    if (kind && (parts.length === 3 || (parts.length === 4 && parts[3])))
      return { page: "experiment", kind, designId: parts[1], experimentId: parts[3] ?? null };
    if (parts.length === 4 && parts[2] === "runs" && parts[3]) {
      return { page: "design", designId: parts[1], runId: parts[3] };
    }
  }
  return { page: "missing", path };
}

const listeners = new Set<() => void>();
const tellAll = () => {
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener("popstate", tellAll);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("popstate", tellAll);
  };
}

/** Go to an address of this application without loading the page anew. */
export function navigate(path: string, options: { replace?: boolean } = {}): void {
  if (path === window.location.pathname) return;
  if (options.replace) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  tellAll();
}

/** The page shown now. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

/** Whether a click on a link of ours should stay inside the application (no new tab, no download). */
export function staysInside(event: MouseEvent, link: HTMLAnchorElement): boolean {
  if (event.defaultPrevented || event.button !== 0) return false;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false;
  if (link.target !== "" && link.target !== "_self") return false;
  if (link.hasAttribute("download") || link.origin !== window.location.origin) return false;
  return pageOf(link.pathname).page !== "missing" && link.hash === "";
}

/** Let every plain `<a href>` to one of our pages go through `navigate`. Returns the way to stop. */
export function interceptLinks(): () => void {
  const onClick = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || !staysInside(event, link)) return;
    event.preventDefault();
    navigate(link.pathname);
  };
  document.addEventListener("click", onClick);
  return () => document.removeEventListener("click", onClick);
}

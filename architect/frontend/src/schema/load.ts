/** The schema is fetched once for a page; a failed fetch is tried again at the next call. */
import { request } from "../api/http";
import { Catalogue } from "./catalogue";
import type { SchemaBundle } from "./types";

let pending: Promise<Catalogue> | null = null;

export function loadCatalogue(): Promise<Catalogue> {
  pending ??= request<SchemaBundle>("GET", "/schema").then(
    (bundle) => new Catalogue(bundle),
    (error: unknown) => {
      pending = null;
      throw error;
    },
  );
  return pending;
}

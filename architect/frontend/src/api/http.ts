/** One way to the server: JSON in, JSON out, every failure an ApiError. */
import { ApiError } from "./errors";

export interface RequestOptions {
  readonly body?: unknown;
  /** sent as it is, with this content type, instead of JSON */
  readonly text?: { readonly content: string; readonly type: string };
  readonly signal?: AbortSignal;
  /** lets the browser finish the request although the page is being left */
  readonly keepalive?: boolean;
}

const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);

export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  // the API asks every unsafe method for a content type, even where there is nothing to say
  if (UNSAFE.has(method)) headers["Content-Type"] = options.text?.type ?? "application/json";
  const body =
    options.text?.content ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers,
      credentials: "same-origin",
      keepalive: options.keepalive ?? false,
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw ApiError.offline();
  }
  const answer = await readJson(response);
  if (!response.ok) throw ApiError.from(response.status, answer);
  if (answer === undefined && response.status !== 204) throw ApiError.unreadable(response.status);
  return answer as T;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's error page: the status decides, and a good status without JSON is refused
  }
}

// The routes, typed: one function for each, under the name that the server's document gives it.
//
// Reads one's own writes, repeats what may be repeated, and throws a KabarProblem for every no.

import type { operations } from './generated/openapi.js';
import { routes } from './generated/routes.js';
import { KabarProblem, problemOf } from './problem.js';
import type { Route } from './route.js';

export type OperationId = keyof operations & keyof typeof routes;

type Parameters<Id extends OperationId, In extends 'path' | 'query'> =
  operations[Id] extends { parameters: infer All } ? (All extends Record<In, infer Some> ? Some : undefined) : undefined;
type Optional<Id extends OperationId> =
  operations[Id] extends { parameters: { query?: infer Some } }
    // Of routes that wait `after` is an option of the call.
    ? (typeof routes)[Id]['waits'] extends true ? Omit<NonNullable<Some>, 'after'> : NonNullable<Some>
    : Record<string, never>;
type BodyOf<Id extends OperationId> =
  operations[Id] extends { requestBody: { content: infer Content } }
    ? Content extends { 'application/octet-stream': unknown } ? BodyInit : Content[keyof Content]
    : undefined;

// A part that there is none of is left out; one without a required field may be.
type Part<Name extends string, Of> = [Of] extends [undefined]
  ? { [name in Name]?: undefined }
  : Record<never, never> extends Of ? { [name in Name]?: Of } : { [name in Name]: Of };

export interface CallOptions {
  /** Of a write: a repeat with the same one is answered as the first. Made up where it is left out. */
  idempotencyKey?: string;
  /** Of a query: what it must show. One's own last write where it is left out. */
  after?: string;
  /** Of what neither reads nor has a key: to make it twice does no harm, so it may be tried again. */
  again?: boolean;
  signal?: AbortSignal;
}

export type Arguments<Id extends OperationId> =
  Part<'path', Parameters<Id, 'path'>> & Part<'query', Optional<Id>> & Part<'body', BodyOf<Id>> & CallOptions;

/** What a route answers when it says yes; a file as the whole response. */
export type Answer<Id extends OperationId> =
  operations[Id] extends { responses: { 200: { content: infer Content } } }
    ? Content extends { 'application/json': infer Body } ? Body : Response
    : undefined;

export type Api = {
  [Id in OperationId]: Record<never, never> extends Arguments<Id>
    ? (given?: Arguments<Id>) => Promise<Answer<Id>>
    : (given: Arguments<Id>) => Promise<Answer<Id>>;
};

export interface ClientOptions {
  /** Where Kabar is, as `https://chat.example.id`; the page's own origin where it is left out. */
  url?: string;
  /** A bearer token, or how to get one; without it the platform's session cookie is sent. */
  token?: string | (() => string | Promise<string>);
  /** How often a request is made at most, the first time included. Default 4. */
  attemptsMax?: number;
  /** Milliseconds to wait at most before it is made again, whatever the server says. Default 30,000. */
  waitMsMax?: number;
  /** Milliseconds one attempt may take. Default 20,000. */
  attemptMsMax?: number;
  fetch?: typeof fetch;
}

// The untyped form of arguments, in here only.
interface Given extends CallOptions {
  path?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
}

const FIRST_WAIT_MS = 250;

export class Kabar {
  /** Every route, by its name in the server's document. */
  readonly api: Api;
  readonly #options: ClientOptions;
  /** Where one's last write is. */
  #written: string | undefined;

  constructor(options: ClientOptions = {}) {
    this.#options = options;
    const call = (id: OperationId) => (given?: Given) => this.#call(routes[id], given ?? {});
    const all = (Object.keys(routes) as OperationId[]).map((id) => [id, call(id)]);
    this.api = Object.fromEntries(all) as Api;
  }

  /** `Kabar-Position` of one's last write, to be handed to somebody who is to see it. */
  get position(): string | undefined {
    return this.#written;
  }

  url(path: string): string {
    const base = this.#options.url?.replace(/\/+$/, '') ?? '';
    return `${base}${path}`;
  }

  /** How requests say who makes them. */
  async credentials(): Promise<{ headers: Record<string, string>; credentials: RequestCredentials }> {
    const { token } = this.#options;
    if (token === undefined) return { headers: {}, credentials: 'include' };
    const text = typeof token === 'function' ? await token() : token;
    return { headers: { Authorization: `Bearer ${text}` }, credentials: 'omit' };
  }

  async #call(route: Route, given: Given): Promise<unknown> {
    const key = route.keyed ? given.idempotencyKey ?? crypto.randomUUID() : undefined;
    const attemptsMax = this.#options.attemptsMax ?? 4;
    // What neither writes nor is recognised as a repeat is made once.
    const repeatable = route.method === 'GET' || key !== undefined || given.again === true;
    for (let attempt = 1; ; attempt += 1) {
      const after = route.waits ? given.after ?? this.#written : undefined;
      try {
        return await this.#attempt(route, given, key, after);
      } catch (error) {
        // A position of a log that is no more, after a restore: it is forgotten, and what is there is read.
        const forgotten = given.after === undefined && after !== undefined && isOfNoLog(error);
        if (forgotten && this.#written === after) this.#written = undefined;
        const wait = forgotten ? 0 : repeatable ? this.#waitBefore(error, attempt) : undefined;
        if (wait === undefined || attempt >= attemptsMax || given.signal?.aborted) throw error;
        await pause(wait, given.signal);
      }
    }
  }

  /** Milliseconds until it may be tried again; undefined when that would help nobody. */
  #waitBefore(error: unknown, attempt: number): number | undefined {
    const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
    const waitMsMax = this.#options.waitMsMax ?? 30_000;
    if (error instanceof KabarProblem) {
      if (![429, 502, 503, 504].includes(error.status)) return undefined;
      return Math.min(error.retryAfterMs ?? backoff, waitMsMax);
    }
    // The network, or the time that an attempt may take.
    return Math.min(backoff, waitMsMax);
  }

  async #attempt(route: Route, given: Given, key: string | undefined, after: string | undefined): Promise<unknown> {
    const { headers, credentials } = await this.credentials();
    if (key !== undefined) headers['Idempotency-Key'] = key;
    if (after !== undefined) headers['Kabar-After'] = after;
    const time = AbortSignal.timeout(this.#options.attemptMsMax ?? 20_000);
    const signal = given.signal ? anyOf([given.signal, time]) : time;
    const request: RequestInit = { method: route.method, headers, credentials, signal };
    if (route.body === 'json') {
      headers['Content-Type'] = 'application/json';
      request.body = JSON.stringify(given.body);
    } else if (route.body === 'form') {
      request.body = new URLSearchParams(given.body as Record<string, string>);
    } else if (route.body === 'bytes') {
      request.body = given.body as BodyInit;
    }
    const ask = this.#options.fetch ?? fetch;
    const answer = await ask(this.url(address(route, given)), request);
    this.#remember(answer.headers.get('Kabar-Position'));
    if (!answer.ok) throw await problemOf(answer);
    return route.file ? answer : answer.json();
  }

  /** Answers may overtake each other: it only goes forward, within one log. */
  #remember(position: string | null): void {
    if (position === null) return;
    const behind = this.#written !== undefined && isBehind(position, this.#written);
    if (!behind) this.#written = position;
  }
}

function isOfNoLog(error: unknown): boolean {
  return error instanceof KabarProblem && error.status === 422 && error.reason('Kabar-After') !== undefined;
}

function address(route: Route, given: Given): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(given.path?.[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {})) {
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Whether a position lies behind another of the same log. */
export function isBehind(position: string, other: string): boolean {
  const [log, number] = position.split('-');
  const [otherLog, otherNumber] = other.split('-');
  return log === otherLog && Number(number) < Number(otherNumber);
}

function anyOf(signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true, signal: controller.signal });
  }
  return controller.signal;
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', ended);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', ended, { once: true });
  });
}

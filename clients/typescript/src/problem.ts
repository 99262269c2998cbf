// What the server says when it says no.

import type { components } from './generated/openapi.js';

export type ProblemBody = components['schemas']['Problem'];

/** An answer that is a no: RFC 9457, with every wrong field named. */
export class KabarProblem extends Error {
  override readonly name = 'KabarProblem';
  readonly status: number;
  /** `urn:kabar:problem:..`: what to compare with. */
  readonly type: string;
  readonly errors: ProblemBody['errors'];
  /** Milliseconds, where the server says when to come back. */
  readonly retryAfterMs: number | undefined;
  /** What to quote when asking the operator. */
  readonly requestId: string | undefined;

  constructor(answer: { status: number; headers: Headers }, body: Partial<ProblemBody>) {
    super(body.detail ?? `the server answered ${answer.status}`);
    this.status = answer.status;
    this.type = body.type ?? 'about:blank';
    this.errors = body.errors ?? [];
    this.retryAfterMs = seconds(answer.headers.get('Retry-After'));
    this.requestId = answer.headers.get('X-Request-Id') ?? undefined;
  }

  /** What is wrong with a field, if anything is. */
  reason(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.reason;
  }
}

export async function problemOf(answer: Response): Promise<KabarProblem> {
  // A proxy between may answer with something else.
  const body: unknown = await answer.json().catch(() => null);
  return new KabarProblem(answer, body && typeof body === 'object' ? body : {});
}

/** Whether it may be answered otherwise in a while: too much, a server in trouble, or no answer at all. */
export function mayPass(status: number | undefined): boolean {
  return status === undefined || status === 429 || status >= 500;
}

function seconds(header: string | null): number | undefined {
  const given = header === null ? Number.NaN : Number(header);
  return Number.isFinite(given) && given >= 0 ? given * 1000 : undefined;
}

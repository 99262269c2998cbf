// What is known of a route at run time; the table of them is generated.

export interface Route {
  readonly method: string;
  /** With its ids in braces. */
  readonly path: string;
  /** Takes an `Idempotency-Key`: it may be tried again without harm. */
  readonly keyed: boolean;
  /** Can wait for a position. */
  readonly waits: boolean;
  readonly body?: 'json' | 'form' | 'bytes';
  /** Answers with bytes, not with JSON. */
  readonly file?: true;
}

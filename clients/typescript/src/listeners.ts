// Who hears something. Each is on their own: whoever comes twice with the same function is two, and one that throws takes
// nothing from the others.

/** Ends what it was given for; a second time it does nothing. */
export type Off = () => void;

export class Listeners<Payload> {
  readonly #all = new Set<{ heard: (payload: Payload) => void }>();

  add(heard: (payload: Payload) => void): Off {
    const one = { heard };
    this.#all.add(one);
    return () => void this.#all.delete(one);
  }

  tell(payload: Payload): void {
    for (const one of [...this.#all]) {
      // One may have ended another.
      if (this.#all.has(one)) tell(one.heard, payload);
    }
  }

  clear(): void {
    this.#all.clear();
  }
}

/** What a listener throws is reported as any error that nobody caught, after the others have heard. */
export function tell<Payload>(heard: (payload: Payload) => void, payload: Payload): void {
  try {
    heard(payload);
  } catch (error) {
    queueMicrotask(() => { throw error; });
  }
}

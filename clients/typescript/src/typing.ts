// Saying that one types: at most one request every two seconds, and one that it is over.

/** How long the others take it as true is five seconds; it is said again well before. */
const AGAIN_MS = 2_000;
/** Without another key pressed it is over. */
const OVER_MS = 4_000;

export class TypingSignal {
  readonly #say: (isTyping: boolean) => Promise<void>;
  readonly #clock: () => number;
  #saidAt: number | undefined;
  #over: ReturnType<typeof setTimeout> | undefined;
  /** What is to be said next: of what waited meanwhile only the last counts. */
  #next: boolean | undefined;
  #isSaying = false;

  constructor(say: (isTyping: boolean) => Promise<void>, clock: () => number = () => performance.now()) {
    this.#say = say;
    this.#clock = clock;
  }

  /** A key was pressed. */
  typed(): void {
    clearTimeout(this.#over);
    this.#over = setTimeout(() => this.stopped(), OVER_MS);
    const now = this.#clock();
    if (this.#saidAt !== undefined && now - this.#saidAt < AGAIN_MS) return;
    this.#saidAt = now;
    void this.#tell(true);
  }

  /** It was sent, or left: said once, and only where it had been said that one types. */
  stopped(): void {
    clearTimeout(this.#over);
    if (this.#saidAt === undefined) return;
    this.#saidAt = undefined;
    void this.#tell(false);
  }

  // One after the other, or "types" could overtake "types no more".
  async #tell(isTyping: boolean): Promise<void> {
    this.#next = isTyping;
    if (this.#isSaying) return;
    this.#isSaying = true;
    while (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      try {
        await this.#say(next);
      } catch {
        // Whether somebody types is not worth an error: it ends by itself.
      }
    }
    this.#isSaying = false;
  }
}

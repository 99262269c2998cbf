// One's unread counts: asked for once, then kept by the frames that tell of every change.

import type { TypedChannel } from './channel.js';
import { isBehind, type Kabar } from './client.js';
import type { UserEvents } from './generated/channels.js';
import { Listeners, type Off } from './listeners.js';
import { KabarProblem, mayPass } from './problem.js';

const AGAIN_MS = 5_000;

export interface Unread {
  /** Messages over all rooms. */
  chat: number;
  notifications: number;
}

export class UnreadCounter {
  readonly #kabar: Kabar;
  readonly #own: TypedChannel<UserEvents>;
  readonly #againMs: number;
  readonly #heard = new Listeners<Unread>();
  #counts: Unread | undefined;
  /** Of the latest frame. */
  #position: string | undefined;
  /** How often the counts were asked for, and which of these is shown. */
  #asked = 0;
  #shown = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `own` is a handle that is for this alone; `againMs` is waited before a load that failed is made again. */
  constructor(kabar: Kabar, own: TypedChannel<UserEvents>, againMs = AGAIN_MS) {
    this.#kabar = kabar;
    this.#own = own;
    this.#againMs = againMs;
    own.on('unread', (frame) => this.#take(frame));
    // What the frames of a while ago said may be gone.
    own.on('kabar:reload', ({ position }) => this.#again(position));
    // What changed between an answer and the first moment of listening no frame tells of. Whoever resumes has no position
    // here, and misses nothing.
    (own as TypedChannel<any>).on('pusher:subscription_succeeded', (told: { position?: string } | undefined) => {
      if (told?.position !== undefined && this.#asked > 0) this.#again(told.position);
    });
  }

  /** As far as it is known. */
  get counts(): Unread | undefined {
    return this.#counts;
  }

  /** Hears every change, and at once what is known. */
  onChange(heard: (unread: Unread) => void): Off {
    const off = this.#heard.add(heard);
    if (this.#counts) heard(this.#counts);
    return off;
  }

  /** Asks for the counts, as they are at `after` or later. A frame that comes meanwhile knows better. */
  async load(after?: string): Promise<Unread> {
    const before = this.#position;
    const turn = this.#asked += 1;
    const given = after === undefined ? {} : { after };
    const [chat, notifications] = await Promise.all([
      this.#kabar.api.countUnread(given),
      this.#kabar.api.countNotifications(given),
    ]);
    const counts = { chat: chat.count, notifications: notifications.count };
    // Answers may overtake each other.
    const isNews = this.#position === before && turn > this.#shown;
    if (isNews || this.#counts === undefined) {
      this.#shown = turn;
      this.#show(counts);
    }
    return this.#counts ?? counts;
  }

  /** Hears no more; other handles on the channel stay. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#own.leave();
    this.#heard.clear();
  }

  /** What is shown is known to be old: until it is loaded, or somebody says no. */
  #again(after: string): void {
    clearTimeout(this.#timer);
    this.load(after).catch((error: unknown) => {
      if (this.#closed || !mayPass(error instanceof KabarProblem ? error.status : undefined)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#again(after), this.#againMs);
    });
  }

  #take({ chat, notifications, position }: UserEvents['unread']): void {
    if (this.#position !== undefined && isBehind(position, this.#position)) return;
    this.#position = position;
    this.#show({ chat, notifications });
  }

  #show(counts: Unread): void {
    this.#counts = counts;
    this.#heard.tell(counts);
  }
}

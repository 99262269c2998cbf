// One's unread counts: asked for once, then kept by the frames that tell of every change.

import { isBehind, type Kabar } from './client.js';
import type { UserEvents } from './generated/channels.js';
import type { Off, Realtime } from './realtime.js';

export interface Unread {
  /** Messages over all rooms. */
  chat: number;
  notifications: number;
}

export class UnreadCounter {
  readonly #kabar: Kabar;
  readonly #heard = new Set<(unread: Unread) => void>();
  readonly #offs: Off[];
  #counts: Unread | undefined;
  /** Of the latest frame. */
  #position: string | undefined;

  constructor(kabar: Kabar, realtime: Realtime, userId: string) {
    this.#kabar = kabar;
    const own = realtime.user(userId);
    this.#offs = [
      own.on('unread', (frame) => this.#take(frame)),
      // What the frames of a while ago said may be gone.
      realtime.onReload(({ channel }) => void (channel === own.name && this.load().catch(() => undefined))),
    ];
  }

  /** As far as it is known. */
  get counts(): Unread | undefined {
    return this.#counts;
  }

  /** Hears every change, and at once what is known. */
  onChange(heard: (unread: Unread) => void): Off {
    this.#heard.add(heard);
    if (this.#counts) heard(this.#counts);
    return () => this.#heard.delete(heard);
  }

  /** Asks for the counts. A frame that comes meanwhile knows better. */
  async load(): Promise<Unread> {
    const before = this.#position;
    const [chat, notifications] = await Promise.all([
      this.#kabar.api.countUnread(),
      this.#kabar.api.countNotifications(),
    ]);
    if (this.#position === before || this.#counts === undefined) {
      this.#show({ chat: chat.count, notifications: notifications.count });
    }
    return this.#counts ?? { chat: chat.count, notifications: notifications.count };
  }

  close(): void {
    for (const off of this.#offs) off();
    this.#heard.clear();
  }

  #take({ chat, notifications, position }: UserEvents['unread']): void {
    if (this.#position !== undefined && isBehind(position, this.#position)) return;
    this.#position = position;
    this.#show({ chat, notifications });
  }

  #show(counts: Unread): void {
    this.#counts = counts;
    for (const heard of this.#heard) heard(counts);
  }
}

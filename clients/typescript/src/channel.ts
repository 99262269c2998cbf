// One of Kabar's channels, and the handles on it.
//
// pusher-js has one channel of a name for the whole page. Each of our callers has a handle of their own on it, so that
// whoever leaves takes nothing from the others; the channel ends with the last handle. Never in here: the connection.

import type { Channel } from 'pusher-js';

import type { RoomEvents } from './generated/channels.js';
import { type Off, tell } from './listeners.js';
import { mayPass } from './problem.js';

const AGAIN_MS = 1_000;
const AGAIN_MS_MAX = 30_000;

/** Why a channel is not heard. */
export interface Why {
  error: string;
  status?: number | undefined;
  code?: number | undefined;
}

/** A channel is not heard: somebody may not listen, or it cannot be said now. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly channel: string;
  /** The reason alone; `message` has all of it. */
  readonly error: string;
  /** As of HTTP, where the server says no to the channel: 401, 403 .. */
  readonly status: number | undefined;
  /** Of the WebSocket, where the connection was closed: 4001 .. */
  readonly code: number | undefined;

  constructor(channel: string, { error, status, code }: Why) {
    const number = status ?? code;
    super(`${channel}: ${error}${number === undefined ? '' : ` (${number})`}`);
    this.channel = channel;
    this.error = error;
    this.status = status;
    this.code = code;
  }
}

/** What a channel needs of the connection that it is on. */
export interface Connection {
  /** The channel of pusher-js, subscribed unless it is, or when there is a connection. */
  subscribe(name: string): Channel;
  unsubscribe(name: string): void;
  /** Milliseconds that `ready` waits. */
  readonly readyMsMax: number;
  /** Why nothing comes unless somebody connects; undefined where something may. */
  ended(): Why | undefined;
  /** How the last socket was closed, where there has been none since. */
  closed(): Why | undefined;
  /** Of a request for a signature that has just failed. pusher-js hands on the status of its own requests only. */
  unsigned(): number | undefined;
  reload(reload: RoomEvents['kabar:reload'] & { channel: string }): void;
  refused(refused: Refused): void;
}

type Settle = (why?: Why) => void;

/** What all handles on a channel share. */
export class SharedChannel {
  readonly name: string;
  readonly channel: Channel;
  readonly connection: Connection;
  /** Who waits for the server's word, and on which handle. */
  readonly waiting = new Map<Settle, unknown>();
  #handles = 0;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #bound: [string, (told: never) => void][];

  constructor(name: string, connection: Connection) {
    this.name = name;
    this.connection = connection;
    this.channel = connection.subscribe(name);
    this.#bound = [
      ['pusher:subscription_succeeded', () => this.#succeeded()],
      ['pusher:subscription_error', (told) => this.#failed(told)],
      ['kabar:reload', (told: RoomEvents['kabar:reload']) => connection.reload({ ...told, channel: name })],
    ];
    for (const [event, heard] of this.#bound) this.channel.bind(event, heard);
  }

  hold(): void {
    this.#handles += 1;
    this.subscribe();
  }

  release(): void {
    this.#handles -= 1;
    if (this.#handles > 0) return;
    this.rest();
    for (const [event, heard] of this.#bound) this.channel.unbind(event, heard);
    this.connection.unsubscribe(this.name);
  }

  /** Nothing where it is subscribed or under way: what was refused is asked for again. */
  subscribe(): void {
    this.connection.subscribe(this.name);
  }

  /** The connection has gone; the next one subscribes by itself. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  /** Tells those who wait. */
  settle(why?: Why): void {
    for (const settle of [...this.waiting.keys()]) settle(why);
  }

  refuse(why: Why): void {
    this.settle(why);
    this.connection.refused(new Refused(this.name, why));
  }

  /** Why it was waited in vain. */
  late(): Why {
    const closed = this.connection.closed();
    const last = closed === undefined ? '' : `; the last connection: ${closed.error}`;
    return { error: `no word of the server within ${this.connection.readyMsMax} ms${last}`, code: closed?.code };
  }

  #succeeded(): void {
    this.#tries = 0;
    this.settle();
  }

  #failed(told: { error?: string; status?: number }): void {
    // What the server refuses pusher-js takes for still under way, and what it ends for still open: neither could be
    // asked for again.
    this.channel.subscribed = false;
    this.channel.subscriptionPending = false;
    const status = told.status ?? this.connection.unsigned();
    if (mayPass(status)) {
      const wait = Math.min(AGAIN_MS * 2 ** this.#tries, AGAIN_MS_MAX) * (0.5 + Math.random() / 2);
      this.#tries += 1;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.subscribe(), wait);
    }
    this.refuse({ error: told.error ?? 'refused', status });
  }
}

/** One caller's handle on one of Kabar's channels, with its events by name. */
export class TypedChannel<Events> {
  readonly name: string;
  readonly #shared: SharedChannel;
  readonly #offs = new Set<Off>();
  #left = false;

  constructor(shared: SharedChannel) {
    this.name = shared.name;
    this.#shared = shared;
    shared.hold();
  }

  /** Hears an event until the answer is called, or until this handle leaves. Throws when it has left. */
  on<Name extends keyof Events & string>(event: Name, heard: (payload: Events[Name]) => void): Off {
    if (this.#left) throw new Error(`${this.name}: this handle has left, ask for another`);
    const { channel } = this.#shared;
    // pusher-js tells a round to all who were there when it began, and unbinds by the function: this one is ours alone.
    const told = (payload: Events[Name]) => { if (this.#offs.has(off)) tell(heard, payload); };
    const off = () => {
      this.#offs.delete(off);
      channel.unbind(event, told);
    };
    this.#offs.add(off);
    channel.bind(event, told);
    return off;
  }

  /**
   * Resolves when the server lets one in. Rejects with a `Refused` when it does not, when the connection is ended or does
   * not come in time (`readyMsMax`), and when this handle leaves. What was refused before is asked for again.
   */
  async ready(): Promise<void> {
    const shared = this.#shared;
    const why = this.#left ? LEFT : shared.connection.ended();
    if (why !== undefined) throw new Refused(this.name, why);
    shared.subscribe();
    if (shared.channel.subscribed) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (no?: Why) => {
        clearTimeout(timer);
        shared.waiting.delete(settle);
        if (no === undefined) resolve();
        else reject(new Refused(this.name, no));
      };
      const timer = setTimeout(() => settle(shared.late()), shared.connection.readyMsMax);
      shared.waiting.set(settle, this);
    });
  }

  /** Ends what was heard by this handle, and the channel when it was the last one. A second time it does nothing. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    for (const off of [...this.#offs]) off();
    for (const [settle, handle] of [...this.#shared.waiting]) if (handle === this) settle(LEFT);
    this.#shared.release();
  }
}

const LEFT: Why = { error: 'this handle has left' };

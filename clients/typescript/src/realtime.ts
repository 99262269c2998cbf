// Kabar's channels on an unmodified pusher-js: typed events, and nothing missed.
//
// A connection that breaks comes back by itself and is given what it missed, in order and once; where that cannot be,
// `onReload` says which channel is to be loaded anew.

import Pusher from 'pusher-js';
import type { Channel } from 'pusher-js';

import { type Kabar } from './client.js';
import type { RoomEvents, UserEvents } from './generated/channels.js';
import { type Frame, Places } from './resume.js';
import { TypingSignal } from './typing.js';
import { UnreadCounter } from './unread.js';

/**
 * The client of pusher-js. Of a CommonJS package some resolutions (NodeNext) take the default import for the module, others
 * (Bundler) for the class in it.
 */
export type PusherClient = typeof Pusher extends { default: new (...args: never[]) => infer Client }
  ? Client
  : typeof Pusher extends new (...args: never[]) => infer Client ? Client : never;

export interface RealtimeOptions {
  /** `realtime.key` of the server. */
  key: string;
  /** Where the sockets are, as `https://chat.example.id`; where the routes are, if it is left out. */
  url?: string;
}

/** A channel is to be loaded anew, from the routes, as it is at `position` or later. */
export interface Reload {
  channel: string;
  reason: string;
  position: string;
}

export type Off = () => void;

/** Somebody may not listen, or it cannot be said now. */
export interface Refused {
  channel: string;
  status: number | undefined;
  error: string;
}

/** One of Kabar's channels, with its events by name. */
export class TypedChannel<Events> {
  readonly name: string;
  readonly #channel: Channel;
  readonly #leave: () => void;

  constructor(channel: Channel, leave: () => void) {
    this.name = channel.name;
    this.#channel = channel;
    this.#leave = leave;
  }

  /** Hears an event until the answer is called. */
  on<Name extends keyof Events & string>(event: Name, heard: (payload: Events[Name]) => void): Off {
    this.#channel.bind(event, heard);
    return () => this.#channel.unbind(event, heard);
  }

  /** Resolves when the server has said yes; rejects when it has said no. */
  ready(): Promise<void> {
    if (this.#channel.subscribed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const yes = () => { done(); resolve(); };
      const no = (refused: { status?: number; error?: string }) => {
        done();
        reject(new Error(`${this.name}: ${refused.error ?? 'refused'} (${refused.status ?? 'no status'})`));
      };
      const done = () => {
        this.#channel.unbind('pusher:subscription_succeeded', yes);
        this.#channel.unbind('pusher:subscription_error', no);
      };
      this.#channel.bind('pusher:subscription_succeeded', yes);
      this.#channel.bind('pusher:subscription_error', no);
    });
  }

  leave(): void {
    this.#channel.unbind();
    this.#leave();
  }
}

export class Realtime {
  /** For whatever is not Kabar's own. */
  readonly pusher: PusherClient;
  readonly #kabar: Kabar;
  readonly #places = new Places();
  readonly #channels = new Map<string, TypedChannel<any>>();
  readonly #reloads = new Set<(reload: Reload) => void>();
  readonly #refusals = new Set<(refused: Refused) => void>();

  constructor(kabar: Kabar, options: RealtimeOptions) {
    this.#kabar = kabar;
    this.pusher = new Pusher(options.key, {
      cluster: '', // The library insists on one; the host decides.
      ...address(options.url ?? kabar.url('')),
      enabledTransports: ['ws', 'wss'],
      disableStats: true,
      channelAuthorization: {
        // The route that signs takes where this page stands as well; the library's own request would not say it.
        customHandler: (params: { socketId: string; channelName: string }, done: Signed) => {
          this.#authorize(params.socketId, params.channelName).then(
            (signed) => done(null, signed),
            (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), null),
          );
        },
      } as never,
    });
    this.pusher.connection.bind('message', (frame: Frame) => this.#places.remember(frame));
  }

  /** What happens in a room, to its members. */
  room(roomId: string): TypedChannel<RoomEvents> {
    return this.#channel<RoomEvents>(`private-room-${roomId}`);
  }

  /** What concerns whoever is signed in. */
  user(userId: string): TypedChannel<UserEvents> {
    return this.#channel<UserEvents>(`private-user-${userId}`);
  }

  /** Hears that a channel is to be loaded anew; without anybody who does, a page shows what is gone. */
  onReload(heard: (reload: Reload) => void): Off {
    this.#reloads.add(heard);
    return () => this.#reloads.delete(heard);
  }

  /** Hears that a channel is not, or no more, one's own. */
  onRefused(heard: (refused: Refused) => void): Off {
    this.#refusals.add(heard);
    return () => this.#refusals.delete(heard);
  }

  /** Tells a room that one types, as seldom as possible. */
  typing(roomId: string): TypingSignal {
    return new TypingSignal((isTyping) => {
      const body = { roomId, isTyping, socket_id: this.pusher.connection.socket_id ?? null };
      return this.#kabar.api.setTyping({ body }).then(() => undefined);
    });
  }

  /** One's unread counts, kept as they change. */
  unread(userId: string): UnreadCounter {
    return new UnreadCounter(this.#kabar, this, userId);
  }

  /** Breaks the connection; `connect` goes on where it was. */
  disconnect(): void {
    this.pusher.disconnect();
  }

  connect(): void {
    this.pusher.connect();
  }

  /** The one channel of a name, however often it is asked for. */
  #channel<Events>(name: string): TypedChannel<Events> {
    const known = this.#channels.get(name) as TypedChannel<Events> | undefined;
    if (known !== undefined) return known;
    const channel = this.pusher.subscribe(name);
    channel.bind('kabar:reload', (told: { reason: string; position: string }) => {
      for (const heard of this.#reloads) heard({ ...told, channel: name });
    });
    channel.bind('pusher:subscription_error', (told: { status?: number; error?: string }) => {
      for (const heard of this.#refusals) heard({ channel: name, status: told.status, error: told.error ?? 'refused' });
    });
    const typed = new TypedChannel<Events>(channel, () => this.#forget(name));
    this.#channels.set(name, typed);
    return typed;
  }

  #forget(name: string): void {
    this.pusher.unsubscribe(name);
    this.#places.forget(name);
    this.#channels.delete(name);
  }

  async #authorize(socketId: string, channelName: string): Promise<{ auth: string; channel_data?: string }> {
    const resumeAfter = this.#places.of(channelName);
    const body = { socket_id: socketId, channel_name: channelName };
    const asked = resumeAfter === undefined ? body : { ...body, resume_after: resumeAfter };
    return this.#kabar.api.authorizeChannel({ body: asked });
  }
}

/** As pusher-js calls back. */
type Signed = (error: Error | null, signed: { auth: string; channel_data?: string } | null) => void;

function address(url: string): { wsHost: string; wsPort: number; wssPort: number; forceTLS: boolean } {
  const at = new URL(url === '' ? globalThis.location.href : url);
  const secure = at.protocol === 'https:' || at.protocol === 'wss:';
  const port = at.port === '' ? (secure ? 443 : 80) : Number(at.port);
  return { wsHost: at.hostname, wsPort: port, wssPort: port, forceTLS: secure };
}

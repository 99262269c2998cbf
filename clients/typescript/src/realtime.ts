// Kabar's channels on an unmodified pusher-js: typed events, and nothing missed.
//
// A connection that breaks comes back by itself and is given what it missed, in order and once; where that cannot be,
// `onReload` says which channel is to be loaded anew.

import Pusher from 'pusher-js';
import type { Channel } from 'pusher-js';

import { type Connection, type Refused, SharedChannel, TypedChannel, type Why } from './channel.js';
import { type Kabar } from './client.js';
import type { RoomEvents, UserEvents } from './generated/channels.js';
import { Listeners, type Off } from './listeners.js';
import { KabarProblem } from './problem.js';
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
  /** Milliseconds that `ready` of a channel waits at most. Default 30,000. */
  readyMsMax?: number;
}

/** A channel is to be loaded anew, from the routes, as it is at `position` or later. */
export interface Reload {
  channel: string;
  reason: RoomEvents['kabar:reload']['reason'];
  position: string;
}

export class Realtime {
  /** For whatever is not Kabar's own. */
  readonly pusher: PusherClient;
  readonly #kabar: Kabar;
  /** What the channels know of this. */
  readonly #connection: Connection;
  readonly #places = new Places();
  readonly #channels = new Map<string, SharedChannel>();
  readonly #reloads = new Listeners<Reload>();
  readonly #refusals = new Listeners<Refused>();
  /** Aborted when the socket goes: what was signed for it is of no use to the next. */
  #socket = new AbortController();
  /** How the last socket was closed, if the server or the network closed it. */
  #closed: Why | undefined;
  /** The status of the request for a signature that pusher-js is being told of. */
  #unsigned: number | undefined;

  constructor(kabar: Kabar, options: RealtimeOptions) {
    this.#kabar = kabar;
    this.pusher = new Pusher(options.key, {
      cluster: '', // The library insists on one; the host decides.
      ...address(options.url ?? kabar.url('')),
      enabledTransports: ['ws', 'wss'],
      disableStats: true,
      channelAuthorization: {
        // The route that signs takes where this page stands as well; the library's own request would not say it.
        customHandler: (params: { socketId: string; channelName: string }, done: Signed) => this.#sign(params, done),
      },
    });
    this.#connection = {
      readyMsMax: options.readyMsMax ?? 30_000,
      subscribe: (name) => this.pusher.subscribe(name),
      unsubscribe: (name) => this.#close(name),
      ended: () => this.#ended(),
      closed: () => this.#closed,
      unsigned: () => this.#unsigned,
      reload: (reload) => this.#reloads.tell(reload),
      refused: (refused) => this.#refusals.tell(refused),
    };
    const { connection } = this.pusher;
    // Global ones are told first: a listener that throws must not have its frame told again when one comes back.
    connection.bind_global((event: string, frame: Frame) => { if (event === 'message') this.#remember(frame); });
    connection.bind('error', (error: unknown) => { this.#closed = closeOf(error) ?? this.#closed; });
    connection.bind('connected', () => { this.#closed = undefined; });
    connection.bind('connecting', () => this.#rest());
    connection.bind('disconnected', () => this.#end());
    connection.bind('failed', () => this.#end());
  }

  /** What happens in a room, to its members: a handle of the caller's own, to be left when it is needed no more. */
  room(roomId: string): TypedChannel<RoomEvents> {
    return this.#open<RoomEvents>(`private-room-${roomId}`);
  }

  /** What concerns whoever is signed in: a handle like a room's. */
  user(userId: string): TypedChannel<UserEvents> {
    return this.#open<UserEvents>(`private-user-${userId}`);
  }

  /** Hears that a channel is to be loaded anew; without anybody who does, a page shows what is gone. */
  onReload(heard: (reload: Reload) => void): Off {
    return this.#reloads.add(heard);
  }

  /**
   * Hears that a channel is not, or no more, one's own, and that the server has ended the connection for good. What may
   * pass (a server in trouble, too many requests) is tried again after a while, and told each time.
   */
  onRefused(heard: (refused: Refused) => void): Off {
    return this.#refusals.add(heard);
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
    return new UnreadCounter(this.#kabar, this.user(userId));
  }

  /** Breaks the connection; `connect` goes on where it was. */
  disconnect(): void {
    this.#closed = undefined;
    this.pusher.disconnect();
  }

  connect(): void {
    this.#closed = undefined;
    this.pusher.connect();
  }

  #open<Events>(name: string): TypedChannel<Events> {
    const shared = this.#channels.get(name) ?? new SharedChannel(name, this.#connection);
    this.#channels.set(name, shared);
    // Whoever comes after the end is told like those who were there.
    const late = this.#closed === undefined ? undefined : this.#ended();
    if (late !== undefined) {
      queueMicrotask(() => {
        // Left, or on the way again, by then: there is nobody to be told, and nothing.
        if (this.#channels.get(name) === shared && this.#ended() !== undefined) shared.refuse(late);
      });
    }
    return new TypedChannel<Events>(shared);
  }

  #close(name: string): void {
    this.pusher.unsubscribe(name);
    this.#places.forget(name);
    this.#channels.delete(name);
  }

  /** Of every frame, except of channels that were left: theirs may still be under way. */
  #remember(frame: Frame): void {
    const channel = frame.channel === undefined ? undefined : this.pusher.channel(frame.channel);
    if (channel === undefined) return;
    if (!channel.subscriptionCancelled) this.#places.remember(frame);
    else if (frame.event === 'pusher:subscription_error') this.#drop(channel);
  }

  /** Of a channel that is not being subscribed any more: if it was left meanwhile, pusher-js would keep it. */
  #drop(channel: Channel | undefined): void {
    if (channel === undefined || !channel.subscriptionCancelled) return;
    channel.subscriptionPending = false;
    this.pusher.unsubscribe(channel.name);
  }

  /** The socket has gone. */
  #rest(): void {
    this.#socket.abort();
    this.#socket = new AbortController();
    for (const shared of this.#channels.values()) shared.rest();
    // Or the next connection would subscribe them with all the others.
    for (const channel of this.pusher.allChannels()) this.#drop(channel);
  }

  /** No other comes unless somebody connects. */
  #end(): void {
    this.#rest();
    const why = this.#ended();
    for (const shared of [...this.#channels.values()]) {
      // Whoever disconnects knows it.
      if (this.#closed === undefined) shared.settle(why);
      else shared.refuse(this.#closed);
    }
  }

  #ended(): Why | undefined {
    const { state } = this.pusher.connection;
    if (state === 'failed') return { error: 'there are no WebSockets here' };
    if (state === 'disconnected') return this.#closed ?? { error: 'disconnected' };
    return undefined;
  }

  /** Has a channel signed, and answers pusher-js unless the socket has gone meanwhile. */
  #sign({ socketId, channelName }: { socketId: string; channelName: string }, done: Signed): void {
    const { signal } = this.#socket;
    const body = { socket_id: socketId, channel_name: channelName };
    const resumeAfter = this.#places.of(channelName);
    const asked = resumeAfter === undefined ? body : { ...body, resume_after: resumeAfter };
    this.#kabar.api.authorizeChannel({ body: asked, again: true, signal }).then((signed) => {
      if (!signal.aborted) done(null, signed);
    }).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#unsigned = error instanceof KabarProblem ? error.status : undefined;
      done(error instanceof Error ? error : new Error(String(error)), null);
      this.#unsigned = undefined;
      this.#drop(this.pusher.channel(channelName));
    });
  }
}

/** As pusher-js calls back. */
type Signed = (error: Error | null, signed: { auth: string; channel_data?: string } | null) => void;

/** Of an error of pusher-js that says with which code a socket was closed; others are no end of it. */
function closeOf(error: unknown): Why | undefined {
  const closed = error as { type?: string; error?: { data?: { code?: number; message?: string } } } | undefined;
  const code = closed?.type === 'WebSocketError' ? closed.error?.data?.code : undefined;
  return code === undefined ? undefined : { error: closed?.error?.data?.message || 'the connection was closed', code };
}

function address(url: string): { wsHost: string; wsPort: number; wssPort: number; wsPath: string; forceTLS: boolean } {
  const at = new URL(url === '' ? globalThis.location.origin : url);
  const secure = at.protocol === 'https:' || at.protocol === 'wss:';
  const port = at.port === '' ? (secure ? 443 : 80) : Number(at.port);
  const wsPath = at.pathname.replace(/\/+$/, '');
  return { wsHost: at.hostname, wsPort: port, wssPort: port, wsPath, forceTLS: secure };
}

// Where this page stands on each channel, so that it is given what it missed when it comes back.
//
// The server takes the place from the request that signs the channel, and tells what came since as ordinary events.
// pusher-js knows nothing of it.

import { isBehind } from './client.js';

interface Place {
  position: string;
  /** Frames heard of the event at `position`: one event may be several. Null: all of them. */
  frames: number | null;
}

export interface Frame {
  event: string;
  channel?: string;
  data?: unknown;
}

export class Places {
  readonly #heard = new Map<string, Place>();

  /** Of every frame, in the order they come. */
  remember({ event, channel, data }: Frame): void {
    const position = (data as { position?: unknown } | null | undefined)?.position;
    if (channel === undefined || typeof position !== 'string') return;
    // What other pages say names no place of the log, whatever is in it.
    if (event.startsWith('client-')) return;
    // These say where the channel stands; they are no news themselves.
    const whole = event.startsWith('pusher') || event.startsWith('kabar:');
    const last = this.#heard.get(channel);
    if (last === undefined || !sameLog(last.position, position) || isBehind(last.position, position)) {
      this.#heard.set(channel, { position, frames: whole ? null : 1 });
    } else if (last.position === position && last.frames !== null) {
      this.#heard.set(channel, { position, frames: whole ? null : last.frames + 1 });
    }
  }

  /** What the signing route wants to know of a channel; nothing of one that was never heard. */
  of(channel: string): string | undefined {
    const place = this.#heard.get(channel);
    if (place === undefined) return undefined;
    return place.frames === null ? place.position : `${place.position}.${place.frames}`;
  }

  /** Whoever leaves a channel for good begins anew when they come again. */
  forget(channel: string): void {
    this.#heard.delete(channel);
  }
}

const sameLog = (position: string, other: string): boolean => position.split('-')[0] === other.split('-')[0];

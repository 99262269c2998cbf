// What must compile, and what must not, for whoever depends on the package: it is imported by its name, so `npm run build`
// comes first. Compiled as bundlers resolve it, and as Node.js does, with every type that it depends on looked at as well.
import { type Kabar, type Off, type Realtime, Refused, type Reload, type TypedChannel } from '@kabar/client';
import type { RoomEvents } from '@kabar/client';

declare const kabar: Kabar;
declare const realtime: Realtime;

export async function right(): Promise<void> {
  const { message } = await kabar.api.sendMessage({ body: { roomId: 'r', content: 'halo', type: 'text' } });
  const seq: number = message.seq;
  const text: string | null = message.replyTo?.content ?? null;
  await kabar.api.listRooms();
  await kabar.api.listMessages({ query: { roomId: 'r', limit: seq }, after: 'p' });
  await kabar.api.getRoom({ path: { roomId: 'r' } });
  realtime.room('r').on('message-read', (read) => read.upToSeq.toFixed());
  realtime.user('u').on('unread', (unread) => unread.chat + unread.notifications);
  text?.trim();
  const room: TypedChannel<RoomEvents> = realtime.room('r');
  const off: Off = room.on('new-message', (said) => said.content.trim());
  off();
  await room.ready().catch((no: unknown) => no instanceof Refused && (no.status ?? no.code ?? 0).toFixed());
  realtime.onReload(({ reason }: Reload) => reason === 'too-much');
  realtime.pusher.connection.socket_id.trim();
  room.leave();
  await kabar.api.sync({ query: { after: 'p' } });
  await kabar.api.upload({ query: { roomId: 'r' }, body: new Blob(['halo']) });
  const file: Blob = await (await kabar.api.download({ path: { id: 'u' } })).blob();
  file.size.toFixed();
}

export async function wrong(): Promise<void> {
  // @ts-expect-error a room is named
  await kabar.api.sendMessage({ body: { content: 'halo' } });
  // @ts-expect-error there is no such type
  await kabar.api.sendMessage({ body: { roomId: 'r', type: 'shout' } });
  // @ts-expect-error a path has its id
  await kabar.api.getRoom();
  // @ts-expect-error a page is of a room
  await kabar.api.listMessages({ query: { limit: 5 } });
  // @ts-expect-error there is no such route
  await kabar.api.sendRocket();
  // @ts-expect-error the library is typed, under Node.js as well
  realtime.pusher.nonsense();
  // @ts-expect-error there is no such reason
  realtime.onReload(({ reason }: Reload) => reason === 'no-reason');
  // @ts-expect-error there may be none: the network may have failed
  realtime.onRefused(({ status }) => status.toFixed());
  // @ts-expect-error there is no such event on a user's channel
  realtime.user('u').on('message-read', () => undefined);
}

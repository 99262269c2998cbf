// The unread counts, on a server that answers late, in another order, or not at all.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { Kabar, Realtime } from '../dist/index.js';
import { position, SimulatedServer } from '../simulated/server.mjs';
import { until } from '../simulated/until.mjs';

const OWN = 'private-user-ana';
const counts = (count) => ({ json: { success: true, count } });

let server;
let realtime;
beforeEach(async () => {
  server = await SimulatedServer.start();
  realtime = new Realtime(new Kabar({ url: server.url, token: 'secret', attemptsMax: 1 }), { key: 'key' });
});
afterEach(() => {
  realtime.disconnect();
  server.stop();
});

/** Requests for the count of messages, each with what answers it. */
function held() {
  const requests = [];
  server.answer = ({ path, headers }) => {
    if (path !== '/api/chat/unread-count') return {};
    return new Promise((answer) => { requests.push({ after: headers['kabar-after'], answer }); });
  };
  return requests;
}

test('a counter is on its own handle: who leaves the channel leaves it, and it takes nothing along', async () => {
  const unread = realtime.unread('ana');
  const other = realtime.user('ana');
  const heard = [];
  other.on('unread', ({ chat }) => heard.push(chat));
  await other.ready();
  realtime.user('ana').leave();
  server.socket.say('unread', OWN, { chat: 3, notifications: 1, position: position(2) });
  await until(() => unread.counts?.chat === 3 && heard.length === 1, 'the counts');
  unread.close();
  server.socket.say('unread', OWN, { chat: 4, notifications: 1, position: position(3) });
  await until(() => heard.length === 2, 'the next, elsewhere');
  assert.equal(unread.counts.chat, 3);
  other.leave();
  await until(() => server.heard('pusher:unsubscribe', OWN).length === 1, 'the end of the channel');
});

test('what changed before it listened is asked for again', async () => {
  server.welcome = () => undefined;
  let chat = 1;
  server.answer = ({ path }) => (path === '/api/chat/unread-count' ? counts(chat) : {});
  const unread = realtime.unread('ana');
  assert.equal((await unread.load()).chat, 1);
  // Of this no frame tells: nobody listens yet.
  chat = 2;
  await until(() => server.sockets.length > 0, 'the socket');
  server.socket.establish();
  await until(() => unread.counts.chat === 2, 'the count of now');
  assert.equal(server.asked.findLast(({ path }) => path === '/api/chat/unread-count').headers['kabar-after'], position(1));
});

test('a reload during a reload: the later answer counts, whichever comes first', async () => {
  const unread = realtime.unread('ana');
  const shown = [];
  unread.onChange(({ chat }) => shown.push(chat));
  await realtime.user('ana').ready();
  const requests = held();
  for (const number of [5, 6]) server.socket.say('kabar:reload', OWN, { reason: 'too-much', position: position(number) });
  await until(() => requests.length === 2, 'both questions');
  assert.deepEqual(requests.map(({ after }) => after), [position(5), position(6)]);
  requests[1].answer(counts(6));
  await until(() => shown.length === 1, 'the later answer');
  requests[0].answer(counts(5));
  // Asked behind it, and answered behind it.
  const last = unread.load();
  await until(() => requests.length === 3, 'the last question');
  requests[2].answer(counts(7));
  await last;
  assert.deepEqual(shown, [6, 7]);
});

test('what is known to be old is asked for until there is an answer, or the counter is closed', async () => {
  const unread = realtime.unread('ana');
  await realtime.user('ana').ready();
  let fails = true;
  let asked = 0;
  server.answer = ({ path }) => {
    if (path !== '/api/chat/unread-count') return {};
    asked += 1;
    return fails ? { status: 503 } : counts(8);
  };
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    server.socket.say('kabar:reload', OWN, { reason: 'too-much', position: position(5) });
    const look = async (holds) => { while (!holds()) await new Promise((soon) => setImmediate(soon)); };
    await look(() => asked === 1);
    await look(() => { mock.timers.tick(5_000); return asked === 2; });
    fails = false;
    await look(() => { mock.timers.tick(5_000); return unread.counts?.chat === 8; });
  } finally {
    mock.timers.reset();
  }
  unread.close();
});

test('one who hears takes nothing from the next: one function twice is two', async () => {
  const unread = realtime.unread('ana');
  const shown = [];
  const note = ({ chat }) => shown.push(chat);
  const off = unread.onChange(note);
  unread.onChange(note);
  await realtime.user('ana').ready();
  off();
  server.socket.say('unread', OWN, { chat: 3, notifications: 1, position: position(2) });
  await until(() => shown.length === 1, 'the one that is left');
});

// The unread counts, on a server that answers late, in another order, or not at all.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Kabar, Realtime, UnreadCounter } from '../dist/index.js';
import { position, SimulatedServer } from '../simulated/server.mjs';
import { until } from '../simulated/until.mjs';

const OWN = 'private-user-ana';
const counts = (count) => ({ json: { success: true, count } });

let server;
let kabar;
let realtime;
beforeEach(async () => {
  server = await SimulatedServer.start();
  kabar = new Kabar({ url: server.url, token: 'secret', attemptsMax: 1 });
  realtime = new Realtime(kabar, { key: 'key' });
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

test('what is known to be old is asked for until there is an answer, or somebody says no, or the counter is closed', async (t) => {
  const unread = new UnreadCounter(kabar, realtime.user('ana'), 20);
  t.after(() => unread.close());
  await realtime.user('ana').ready();
  let [answer, asked] = [{ status: 503 }, 0];
  server.answer = ({ path }) => {
    if (path !== '/api/chat/unread-count') return {};
    asked += 1;
    return answer;
  };
  const reload = (number) => server.socket.say('kabar:reload', OWN, { reason: 'too-much', position: position(number) });
  reload(5);
  await until(() => asked >= 3, 'a third question');
  answer = counts(8);
  await until(() => unread.counts?.chat === 8, 'the answer');
  answer = { status: 403 };
  asked = 0;
  reload(6);
  await until(() => asked === 1, 'the question');
  // A second one that asks again and again, to see that the first does not.
  const other = new UnreadCounter(kabar, realtime.user('ben'), 20);
  t.after(() => other.close());
  await realtime.user('ben').ready();
  answer = { status: 503 };
  server.socket.say('kabar:reload', 'private-user-ben', { reason: 'too-much', position: position(7) });
  await until(() => asked >= 4, 'its questions');
  const asks = (number) => server.asked.filter(({ path, headers }) => {
    return path === '/api/chat/unread-count' && headers['kabar-after'] === position(number);
  }).length;
  assert.equal(asks(6), 1);
  // Closed while the answer is under way.
  let fail;
  answer = new Promise((resolve) => { fail = resolve; });
  reload(8);
  await until(() => asks(8) === 1, 'the last question');
  unread.close();
  answer = { status: 503 };
  fail(answer);
  const before = asks(7);
  await until(() => asks(7) >= before + 4, 'more questions of the other');
  assert.equal(asks(8), 1);
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

// Handles on channels, and what becomes of them on a connection that is difficult.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Kabar, Realtime, Refused } from '../dist/index.js';
import { position, SimulatedServer } from '../simulated/server.mjs';
import { until } from '../simulated/until.mjs';

let server;
let open = [];
// The library tells the console of every error, also of those that a test is about.
const { warn, error } = console;
before(() => { console.warn = console.error = () => undefined; });
after(() => { Object.assign(console, { warn, error }); });
beforeEach(async () => { server = await SimulatedServer.start(); });
afterEach(() => {
  for (const realtime of open) realtime.disconnect();
  open = [];
  server.stop();
});

const ROOM = 'private-room-1';

function connect(options, url = server.url) {
  const realtime = new Realtime(new Kabar({ url, token: 'secret', waitMsMax: 20 }), { key: 'key', ...options });
  open.push(realtime);
  return realtime;
}

const message = (content, number) => ['new-message', ROOM, { content, position: position(number) }];

/** A handle on the room that notes what it hears. */
function listening(realtime) {
  const room = realtime.room('1');
  const heard = [];
  room.on('new-message', ({ content }) => heard.push(content));
  return { room, heard };
}

/** What nobody catches, which the test runner would take for its end. */
function uncaught(t) {
  const mistakes = [];
  const runners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (mistake) => mistakes.push(mistake));
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of runners) process.on('uncaughtException', listener);
  });
  return mistakes;
}

test('whoever leaves takes nothing from the others; the channel ends with the last', async () => {
  const realtime = connect();
  const [first, second] = [listening(realtime), listening(realtime)];
  await Promise.all([first.room.ready(), second.room.ready()]);
  second.room.leave();
  server.socket.say(...message('satu', 2));
  await until(() => first.heard.length === 1, 'the message');
  assert.deepEqual(second.heard, []);
  second.room.leave();
  server.socket.say(...message('dua', 3));
  await until(() => first.heard.length === 2, 'what comes after a second leave of the same');
  assert.deepEqual(server.heard('pusher:unsubscribe', ROOM), []);
  first.room.leave();
  await until(() => server.heard('pusher:unsubscribe', ROOM).length === 1, 'the end of the channel');
  assert.equal(realtime.pusher.channel(ROOM), undefined);
});

test('a handle that is opened and left at once ends nothing of others, and the channel where there are none', async () => {
  const realtime = connect();
  const { room, heard } = listening(realtime);
  await room.ready();
  realtime.room('1').leave();
  server.socket.say(...message('satu', 2));
  await until(() => heard.length === 1, 'the message');
  room.leave();
  const { room: again } = listening(realtime);
  await again.ready();
  again.leave();
  realtime.room('1').leave();
  await until(() => realtime.pusher.channel(ROOM) === undefined, 'the end of the channel');
});

test('one function on two handles is two listeners', async () => {
  const realtime = connect();
  const heard = [];
  const note = ({ content }) => heard.push(content);
  const [first, second] = [realtime.room('1'), realtime.room('1')];
  first.on('new-message', note);
  const off = second.on('new-message', note);
  second.on('new-message', note);
  const reloads = [];
  const told = (reload) => reloads.push(reload.channel);
  const [offReload] = [realtime.onReload(told), realtime.onReload(told)];
  await first.ready();
  off();
  offReload();
  server.socket.say('kabar:reload', ROOM, { reason: 'too-much', position: position(2) });
  server.socket.say(...message('satu', 3));
  await until(() => heard.length === 2, 'both that are left');
  assert.deepEqual(reloads, [ROOM]);
  second.leave();
  server.socket.say(...message('dua', 4));
  await until(() => heard.length === 3, 'the one that is left');
  server.socket.say(...message('tiga', 5));
  await until(() => heard.at(-1) === 'tiga', 'the last');
  assert.deepEqual(heard, ['satu', 'satu', 'dua', 'tiga']);
});

test('a listener that was ended in a round hears nothing of it, and one that throws takes it from nobody', async (t) => {
  const realtime = connect();
  const room = realtime.room('1');
  const heard = [];
  const mistakes = uncaught(t);
  room.on('new-message', () => { off(); throw new Error('a mistake of the page'); });
  const off = room.on('new-message', ({ content }) => heard.push(content));
  const other = listening(realtime);
  await room.ready();
  server.socket.say(...message('satu', 2));
  await until(() => mistakes.length === 1, 'the report');
  assert.match(mistakes[0].message, /a mistake of the page/);
  assert.deepEqual([heard, other.heard], [[], ['satu']]);
});

test('who comes back is not told again what a throwing listener of the library itself had heard', async (t) => {
  const realtime = connect();
  const room = realtime.room('1');
  await room.ready();
  const mistakes = uncaught(t);
  realtime.pusher.channel(ROOM).bind('new-message', () => { throw new Error('a mistake of the page'); });
  server.socket.say(...message('satu', 2));
  await until(() => mistakes.length === 1, 'the report');
  server.socket.cut();
  await until(() => server.signings.length === 2, 'the second subscription');
  assert.equal(server.signings[1].form.resume_after, `${position(2)}.1`);
});

test('a handle that has left says so', async () => {
  const realtime = connect();
  server.subscribed = () => undefined;
  const [room, other] = [realtime.room('1'), realtime.room('1')];
  const waits = [room.ready(), other.ready()];
  room.leave();
  await assert.rejects(waits[0], { name: 'Refused', channel: ROOM, error: 'this handle has left' });
  await assert.rejects(room.ready(), { name: 'Refused', error: 'this handle has left' });
  assert.throws(() => room.on('new-message', () => undefined), /private-room-1: this handle has left/);
  await until(() => server.heard('pusher:subscribe', ROOM).length === 1, 'the subscription');
  server.socket.say('pusher_internal:subscription_succeeded', ROOM);
  await waits[1];
});

test('who opens and leaves all day keeps nothing', async () => {
  const realtime = connect();
  const stays = realtime.room('1');
  await stays.ready();
  const pushers = realtime.pusher.channel(ROOM);
  const before = Object.values(pushers.callbacks._callbacks).flat().length;
  for (let time = 0; time < 100; time += 1) {
    const room = realtime.room('1');
    room.on('new-message', () => undefined);
    room.ready().catch(() => undefined);
    room.leave();
    realtime.room(`2${time}`).leave();
  }
  assert.equal(Object.values(pushers.callbacks._callbacks).flat().length, before);
  await until(() => realtime.pusher.allChannels().length === 1, 'the end of those that were left');
});

for (const status of [401, 403]) {
  test(`a refusal of the route that signs has its status, ${status}, and the channel can be asked for again`, async () => {
    const realtime = connect();
    const told = [];
    realtime.onRefused((refused) => told.push(refused));
    server.answer = ({ path }) => (path === '/api/pusher/auth' ? { status } : {});
    const room = realtime.room('1');
    const refused = await room.ready().catch((thrown) => thrown);
    assert.ok(refused instanceof Refused);
    assert.deepEqual([refused.status, refused.code, refused.channel], [status, undefined, ROOM]);
    assert.match(refused.message, new RegExp(`private-room-1: it is ${status} .${status}.`));
    assert.deepEqual(told.map(({ status: number, error: why }) => [number, why]), [[status, `it is ${status}`]]);
    assert.equal(server.signings.length, 1, 'a no is a no');
    await assert.rejects(room.ready(), { status });
    // Somebody has signed in again.
    server.answer = () => ({});
    await room.ready();
    assert.equal(server.signings.length, 3);
  });
}

test('who is put out and let in again hears again', async () => {
  const realtime = connect();
  const told = [];
  realtime.onRefused((refused) => told.push(refused.status));
  const { room, heard } = listening(realtime);
  await room.ready();
  const out = { type: 'AuthError', error: 'you are no longer a member of this room', status: 403 };
  server.socket.say('pusher:subscription_error', ROOM, out);
  await until(() => told.length === 1, 'the refusal');
  const other = realtime.room('1');
  await other.ready();
  assert.equal(server.heard('pusher:subscribe', ROOM).length, 2);
  server.socket.say(...message('satu', 9));
  await until(() => heard.length === 1, 'the message, on the first handle too');
});

test('what passes is tried again: a request for a signature at once, a channel after a while', async () => {
  const realtime = connect();
  const told = [];
  realtime.onRefused((refused) => told.push(refused.status));
  let times = 0;
  server.answer = ({ path }) => (path === '/api/pusher/auth' && (times += 1) < 3 ? { status: 503 } : {});
  const { room, heard } = listening(realtime);
  await room.ready();
  assert.deepEqual([times, told], [3, []], 'it is nobody to be told of');
  room.leave();

  let refusals = 1;
  server.subscribed = (socket, channel) => {
    if ((refusals -= 1) < 0) return socket.say('pusher_internal:subscription_succeeded', channel, { position: position(1) });
    socket.say('pusher:subscription_error', channel, { type: 'SubscriptionError', error: 'too many', status: 429 });
  };
  const again = listening(realtime);
  await assert.rejects(again.room.ready(), { status: 429 });
  await until(() => server.heard('pusher:subscribe', ROOM).length === 3, 'another time');
  await again.room.ready();
  assert.deepEqual([told, heard], [[429], []]);
});

for (const [code, reason] of [[4001, 'there is no application with this key'], [4009, 'ended'], [4300, 'unknown']]) {
  test(`a connection closed with ${code} is over, and everybody is told`, async () => {
    const realtime = connect();
    const told = [];
    realtime.onRefused((refused) => told.push([refused.channel, refused.code]));
    server.welcome = (socket) => socket.close(code, reason);
    const [room, own] = [realtime.room('1'), realtime.user('ana')];
    const [first, second] = await Promise.all([room, own].map((one) => one.ready().catch((thrown) => thrown)));
    assert.ok(first instanceof Refused && second instanceof Refused);
    assert.deepEqual([first.code, first.status, first.error], [code, undefined, reason]);
    assert.match(first.message, new RegExp(`${ROOM}: ${reason} .${code}.`));
    assert.deepEqual(told, [[ROOM, code], ['private-user-ana', code]]);
    await assert.rejects(realtime.room('2').ready(), { code }, 'and whoever comes later');
    await until(() => told.length === 3, 'the word to them');
    assert.deepEqual(told[2], ['private-room-2', code]);
    server.welcome = (socket) => socket.establish();
    realtime.connect();
    await room.ready();
  });
}

test('nobody is told of a channel that was left at once, nor of one that waits for another connection', async () => {
  const realtime = connect();
  const told = [];
  realtime.onRefused((refused) => told.push(refused.channel));
  server.welcome = (socket) => socket.close(4001, 'there is no application with this key');
  await assert.rejects(realtime.room('1').ready(), { code: 4001 });
  realtime.room('2').leave();
  realtime.room('3');
  await until(() => told.length > 1, 'the word of what is held');
  server.welcome = (socket) => socket.establish();
  const back = realtime.room('4');
  realtime.connect();
  await back.ready();
  assert.deepEqual(told, [ROOM, 'private-room-3']);
});

test('who disconnects waits for nothing, and is refused by nobody', async () => {
  const realtime = connect();
  const told = [];
  realtime.onRefused((refused) => told.push(refused));
  server.subscribed = () => undefined;
  const room = realtime.room('1');
  const wait = room.ready();
  await until(() => server.heard('pusher:subscribe', ROOM).length === 1, 'the subscription');
  realtime.disconnect();
  await assert.rejects(wait, { name: 'Refused', error: 'disconnected', status: undefined, code: undefined });
  await assert.rejects(room.ready(), { error: 'disconnected' });
  assert.deepEqual(told, []);
  server.subscribed = (socket, channel) => socket.say('pusher_internal:subscription_succeeded', channel);
  realtime.connect();
  await room.ready();
});

test('where nobody answers, the wait has an end, and says how the last connection was closed', async () => {
  server.welcome = (socket) => socket.close(4100, 'over capacity');
  const late = await connect({ readyMsMax: 300 }).room('1').ready().catch((thrown) => thrown);
  assert.ok(late instanceof Refused);
  assert.deepEqual([late.code, late.error], [4100, 'no word of the server within 300 ms; the last connection: over capacity']);
  server.welcome = () => undefined;
  await assert.rejects(connect({ readyMsMax: 50 }).room('1').ready(), { error: 'no word of the server within 50 ms' });
});

test('a channel that was left is not opened again by the next connection', async () => {
  const realtime = connect();
  server.subscribed = () => undefined;
  const room = realtime.room('1');
  await until(() => server.heard('pusher:subscribe', ROOM).length === 1, 'the subscription');
  room.leave();
  server.socket.cut();
  const other = realtime.room('2');
  await until(() => server.heard('pusher:subscribe', 'private-room-2').length > 0 && server.sockets.length === 2, 'the next');
  other.leave();
  assert.equal(server.heard('pusher:subscribe', ROOM).length, 1);
  assert.equal(realtime.pusher.channel(ROOM), undefined);
});

test('who comes again while the channel is still being ended is let in', async () => {
  const realtime = connect();
  let refuses = false;
  server.subscribed = (socket, channel) => {
    if (refuses) socket.say('pusher:subscription_error', channel, { error: 'not now', status: 403 });
  };
  realtime.room('1').leave();
  const { room, heard } = listening(realtime);
  await until(() => server.heard('pusher:subscribe', ROOM).length === 1, 'the one subscription');
  server.socket.say('pusher_internal:subscription_succeeded', ROOM, { position: position(1) });
  await room.ready();
  server.socket.say(...message('satu', 2));
  await until(() => heard.length === 1, 'the message');

  // Refused after it was left: by the route, and by the socket.
  server.answer = () => ({ status: 403 });
  realtime.room('2').leave();
  await until(() => server.signings.length === 2 && realtime.pusher.channel('private-room-2') === undefined, 'the first');
  server.answer = () => ({});
  refuses = true;
  realtime.room('2').leave();
  await until(() => realtime.pusher.channel('private-room-2') === undefined, 'the second');
  refuses = false;
  server.subscribed = (socket, channel) => socket.say('pusher_internal:subscription_succeeded', channel);
  await realtime.room('2').ready();
});

test('who comes again after having left begins anew, whatever was still under way', async () => {
  const realtime = connect();
  const { room } = listening(realtime);
  const own = realtime.user('ana');
  await Promise.all([room.ready(), own.ready()]);
  room.leave();
  const unread = [];
  own.on('unread', ({ chat }) => unread.push(chat));
  // These were on the wire when the room was left.
  server.socket.say(...message('satu', 2));
  server.socket.say('unread', 'private-user-ana', { chat: 1, notifications: 0, position: position(2) });
  await until(() => unread.length === 1, 'the last of them');
  await realtime.room('1').ready();
  assert.equal(server.signings.at(-1).form.resume_after, undefined);
});

test('what was asked for a socket that has gone is no answer for the next', async () => {
  const realtime = connect();
  const told = [];
  realtime.onRefused((refused) => told.push(refused));
  let answerFirst;
  const first = new Promise((answer) => { answerFirst = answer; });
  server.answer = () => (server.signings.length === 1 ? first : {});
  const room = realtime.room('1');
  await until(() => server.signings.length === 1, 'the first request');
  server.socket.cut();
  await room.ready();
  answerFirst({ status: 403 });
  const own = realtime.user('ana');
  await own.ready();
  assert.deepEqual(told, []);
  assert.equal(server.heard('pusher:subscribe', ROOM).length, 1);
});

test('what other pages say moves nobody\'s place', async () => {
  const realtime = connect();
  const room = realtime.room('1');
  const typing = [];
  room.on('user-typing', ({ userId }) => typing.push(userId));
  await room.ready();
  server.socket.say(...message('satu', 2));
  server.socket.say('client-hello', ROOM, { position: position(999) });
  server.socket.say('user-typing', ROOM, { userId: 'ben', isTyping: true });
  await until(() => typing.length === 1, 'what comes behind it');
  server.socket.cut();
  await until(() => server.signings.length === 2, 'the second subscription');
  assert.equal(server.signings[1].form.resume_after, `${position(2)}.1`);
});

test('a server under a path has its sockets there too', async () => {
  const realtime = connect({}, `${server.url}/kabar/`);
  await realtime.room('1').ready();
  assert.equal(server.socket.path, '/kabar/app/key');
  assert.equal(server.signings[0].path, '/kabar/api/pusher/auth');
});

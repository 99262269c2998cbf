// The client against a real server: KABAR_URL with KABAR_KEY, and tokens of Ana and Ben. KABAR_FORGETFUL_URL is one that
// keeps no frames for whoever is away.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Kabar, KabarProblem, Realtime } from '../dist/index.js';
import { until } from '../simulated/until.mjs';

const { KABAR_URL: url, KABAR_FORGETFUL_URL: forgetful, KABAR_KEY: key, KABAR_ANA: ana, KABAR_BEN: ben } = process.env;
const live = url ? {} : { skip: 'KABAR_URL is not set' };

const open = [];
after(() => open.forEach((realtime) => realtime.disconnect()));

function person(token, at = url) {
  const kabar = new Kabar({ url: at, token });
  const realtime = new Realtime(kabar, { key });
  open.push(realtime);
  return { kabar, api: kabar.api, realtime };
}

/** Two who know each other, and a room of theirs. */
async function pair(at = url) {
  const [a, b] = [person(ana, at), person(ben, at)];
  // Whoever has asked for something once is known.
  await b.api.countUnread();
  const { room } = await a.api.startRoom({ body: { recipientId: 'ben' } });
  return { ana: a, ben: b, room: room.id };
}

const say = async (who, roomId, content) => (await who.api.sendMessage({ body: { roomId, content } })).message;

test('what was sent is read at once, and a repeat is the same', live, async () => {
  const { ana: a, room } = await pair();
  const wish = { body: { roomId: room, content: 'satu' }, idempotencyKey: crypto.randomUUID() };
  const first = await a.api.sendMessage(wish);
  const again = await a.api.sendMessage(wish);
  assert.equal(again.message.id, first.message.id);
  const page = await a.api.listMessages({ query: { roomId: room, limit: 1 } });
  assert.equal(page.messages[0].id, first.message.id);
  assert.ok(a.kabar.position);
});

test('a no names the field', live, async () => {
  const { ana: a } = await pair();
  const error = await a.api.sendMessage({ body: { roomId: 'x', content: 'satu' } }).catch((thrown) => thrown);
  assert.ok(error instanceof KabarProblem);
  assert.equal(error.status, 422);
  assert.ok(error.reason('roomId'));
  await assert.rejects(new Kabar({ url, token: 'nobody' }).api.countUnread(), { status: 401 });
});

test('who listens hears, with types; a channel of others is refused', live, async () => {
  const { ana: a, ben: b, room } = await pair();
  const heard = [];
  const typing = [];
  const channel = b.realtime.room(room);
  channel.on('new-message', (message) => heard.push(message.content));
  channel.on('user-typing', (told) => typing.push(told.isTyping));
  await channel.ready();
  const signal = a.realtime.typing(room);
  signal.typed();
  await until(() => typing.includes(true), 'typing');
  signal.stopped();
  await until(() => typing.at(-1) === false, 'the end of typing');
  await say(a, room, 'terdengar');
  await until(() => heard.includes('terdengar'), 'the message');
  const refusals = [];
  b.realtime.onRefused((refused) => refusals.push(refused.channel));
  await assert.rejects(b.realtime.user('ana').ready(), { name: 'Refused', status: 403 });
  assert.deepEqual(refusals, ['private-user-ana']);
});

test('who leaves ends nothing of others on the page', live, async () => {
  const { ana: a, ben: b, room } = await pair();
  const [first, second] = [b.realtime.room(room), b.realtime.room(room)];
  const [heard, nothing] = [[], []];
  first.on('new-message', (message) => heard.push(message.content));
  second.on('new-message', (message) => nothing.push(message.content));
  const counter = b.realtime.unread('ben');
  await Promise.all([first.ready(), second.ready(), b.realtime.user('ben').ready()]);
  second.leave();
  b.realtime.room(room).leave();
  b.realtime.user('ben').leave();
  await say(a, room, 'masih terdengar');
  await until(() => heard.includes('masih terdengar') && counter.counts !== undefined, 'the message, and the counts');
  assert.deepEqual(nothing, []);
  counter.close();
});

test('with a wrong key nobody waits for ever', live, async () => {
  const { kabar } = person(ben);
  const realtime = new Realtime(kabar, { key: 'no-such-key' });
  open.push(realtime);
  const refused = await realtime.user('ben').ready().catch((thrown) => thrown);
  assert.deepEqual([refused.name, refused.code], ['Refused', 4001]);
  assert.match(refused.message, /4001/);
});

test('who is put out of a room and let in again hears again', live, async () => {
  const { ana: a, ben: b } = await pair();
  const { room } = await a.api.createGroup({ body: { name: 'Warung', memberIds: ['ben'] } });
  const path = { roomId: room.id };
  const heard = [];
  const refusals = [];
  b.realtime.onRefused((refused) => refusals.push(refused.status));
  const channel = b.realtime.room(room.id);
  channel.on('new-message', (message) => heard.push(message.content));
  await channel.ready();
  await a.api.removeMember({ path: { ...path, userId: 'ben' } });
  await until(() => refusals.length === 1, 'the end');
  assert.deepEqual(refusals, [403]);
  await assert.rejects(channel.ready(), { status: 403 });
  await a.api.addMembers({ path, body: { userIds: ['ben'] } });
  await channel.ready();
  await say(a, room.id, 'selamat datang');
  await until(() => heard.includes('selamat datang'), 'the message');
});

test('another member moves nobody past what they missed', live, async () => {
  const { ana: a, ben: b, room } = await pair();
  const heard = [];
  const reloads = [];
  b.realtime.onReload((reload) => reloads.push(reload));
  const [from, to] = [a.realtime.room(room), b.realtime.room(room)];
  to.on('new-message', (message) => heard.push(message));
  await Promise.all([from.ready(), to.ready()]);
  await say(a, room, 'satu');
  await until(() => heard.length === 1, 'the first');
  const [log, number] = heard[0].position.split('-');
  const ahead = `${log}-${Number(number) + 4}`;
  const hints = [];
  b.realtime.pusher.channel(to.name).bind('client-hint', (told) => hints.push(told.position));
  a.realtime.pusher.channel(from.name).trigger('client-hint', { position: ahead });
  await until(() => hints.length === 1, 'the hint');
  b.realtime.disconnect();
  for (const content of ['dua', 'tiga', 'empat']) await say(a, room, content);
  b.realtime.connect();
  await until(() => heard.at(-1).content === 'empat', 'the last');
  assert.deepEqual(heard.map(({ content }) => content), ['satu', 'dua', 'tiga', 'empat']);
  assert.deepEqual(reloads, []);
});

test('unread counts are kept as they change', live, async () => {
  const { ana: a, ben: b, room } = await pair();
  const counter = b.realtime.unread('ben');
  await b.realtime.user('ben').ready();
  // What was said in earlier tests is counted by now.
  await b.api.countUnread({ after: a.kabar.position });
  const { chat } = await counter.load();
  await say(a, room, 'belum dibaca');
  await until(() => counter.counts.chat === chat + 1, 'one more');
  await b.api.markRead({ body: { roomId: room } });
  await until(() => counter.counts.chat < chat + 1, 'fewer');
  counter.close();
});

test('who comes back is given what was missed, in order and once', live, async () => {
  const { ana: a, ben: b, room } = await pair();
  const heard = [];
  const reloads = [];
  b.realtime.onReload((reload) => reloads.push(reload));
  const channel = b.realtime.room(room);
  channel.on('new-message', (message) => heard.push(message.content));
  await channel.ready();
  const expected = [];
  for (let round = 0; round < 3; round += 1) {
    expected.push(`ada ${round}`);
    await say(a, room, `ada ${round}`);
    await until(() => heard.length === expected.length, `message ${expected.length}`);
    b.realtime.disconnect();
    for (let missed = 0; missed < 5; missed += 1) {
      expected.push(`hilang ${round}.${missed}`);
      await say(a, room, `hilang ${round}.${missed}`);
    }
    b.realtime.connect();
    await until(() => heard.length >= expected.length, 'what was missed');
  }
  await say(a, room, 'tamat');
  await until(() => heard.at(-1) === 'tamat', 'the last');
  assert.deepEqual(heard, [...expected, 'tamat']);
  assert.deepEqual(reloads, []);
});

test('where that cannot be, one is told to reload', live, async () => {
  const { ana: a, ben: b, room } = await pair(forgetful);
  const reloads = [];
  b.realtime.onReload((reload) => reloads.push(reload));
  const channel = b.realtime.room(room);
  await channel.ready();
  b.realtime.disconnect();
  const missed = await say(a, room, 'hilang');
  b.realtime.connect();
  await until(() => reloads.length === 1, 'the word to reload');
  assert.equal(reloads[0].channel, channel.name);
  const page = await b.api.listMessages({ query: { roomId: room }, after: reloads[0].position });
  assert.ok(page.messages.some((message) => message.id === missed.id), 'the reload is complete');
});

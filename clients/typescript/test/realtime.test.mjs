// What the realtime side keeps in mind, without a server.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { mock, test } from 'node:test';

import { TypingSignal } from '../dist/index.js';
import { Places } from '../dist/resume.js';

const frame = (position, event = 'new-message', channel = 'private-room-1') => ({ event, channel, data: { position } });

test('a channel stands where its last frame was', () => {
  const places = new Places();
  assert.equal(places.of('private-room-1'), undefined);
  places.remember(frame('a1-4', 'pusher_internal:subscription_succeeded'));
  assert.equal(places.of('private-room-1'), 'a1-4');
  places.remember(frame('a1-10'));
  places.remember(frame('a1-10', 'user-joined'));
  assert.equal(places.of('private-room-1'), 'a1-10.2', 'one event may be several frames');
  places.remember(frame('a1-9'));
  assert.equal(places.of('private-room-1'), 'a1-10.2', 'it does not go back');
  assert.equal(places.of('private-room-2'), undefined);
});

test('after a reload everything up to its position is heard; another log begins anew', () => {
  const places = new Places();
  places.remember(frame('a1-10'));
  places.remember(frame('a1-20', 'kabar:reload'));
  assert.equal(places.of('private-room-1'), 'a1-20');
  places.remember(frame('b2-3', 'kabar:reload'));
  assert.equal(places.of('private-room-1'), 'b2-3');
});

test('what has no position, or no channel, is passed over', () => {
  const places = new Places();
  places.remember({ event: 'user-typing', channel: 'c', data: { isTyping: true } });
  places.remember({ event: 'pusher:pong', data: null });
  places.remember({ event: 'x', data: { position: 'a1-1' } });
  assert.equal(places.of('c'), undefined);
});

test('what other pages say names no place', () => {
  const places = new Places();
  places.remember(frame('a1-4'));
  places.remember(frame('a1-999', 'client-hello'));
  assert.equal(places.of('private-room-1'), 'a1-4.1');
});

test('the snippet of the manual stands where the client does', async (t) => {
  const manual = await readFile(new URL('../../../docs/realtime.md', import.meta.url), 'utf8');
  const snippet = new Function(`${manual.match(/```js\n([\s\S]*?)```/)[1]}; return resuming;`)()('/auth', {});
  const places = new Places();
  t.mock.method(globalThis, 'fetch', async (_, { body }) => Response.json({ after: body.get('resume_after') ?? undefined }));
  const told = [
    frame('a1-4', 'pusher_internal:subscription_succeeded'), frame('a1-10'), frame('a1-10', 'user-joined'), frame('a1-9'),
    frame('a1-11', 'client-hello'), frame('a1-20', 'kabar:reload'), frame('nonsense', 'client-hello'), frame('a1-21'),
    frame('b2-3', 'kabar:reload'), { event: 'user-typing', channel: 'private-room-1', data: null },
  ];
  for (const one of told) {
    snippet.remember(one);
    places.remember(one);
    const asked = await new Promise((resolve, reject) => {
      snippet.authorize({ socketId: '1.1', channelName: 'private-room-1' }, (no, yes) => (no ? reject(no) : resolve(yes)));
    });
    assert.equal(asked.after, places.of('private-room-1'), `after ${one.event}`);
  }
});

const soon = () => new Promise((soon) => setImmediate(soon));

test('that one types is said every two seconds at most, and ends by itself', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const said = [];
  const typing = new TypingSignal(async (is) => { said.push(is); }, () => now);
  const pass = (milliseconds) => { now += milliseconds; mock.timers.tick(milliseconds); return soon(); };
  for (let key = 0; key < 10; key += 1) { typing.typed(); await pass(300); }
  assert.deepEqual(said, [true, true], 'at 0 s and at 2.1 s');
  await pass(4_000);
  assert.deepEqual(said, [true, true, false]);
  typing.stopped();
  assert.deepEqual(said, [true, true, false], 'it is over once');
  typing.typed();
  typing.stopped();
  await pass(10_000);
  assert.deepEqual(said, [true, true, false, true, false]);
  mock.timers.reset();
});

test('that it is over never overtakes that one types, and of what waited the last is said', async () => {
  let now = 0;
  const said = [];
  const typing = new TypingSignal((is) => new Promise((resolve, reject) => said.push({ is, resolve, reject })), () => now);
  typing.typed();
  typing.stopped();
  await soon();
  assert.deepEqual(said.map(({ is }) => is), [true], 'the first is under way');
  for (let key = 0; key < 5; key += 1) { now += 2_000; typing.typed(); }
  typing.stopped();
  said[0].reject(new Error('lost'));
  await soon();
  assert.deepEqual(said.map(({ is }) => is), [true, false]);
  said[1].resolve();
  await soon();
  assert.equal(said.length, 2);
});

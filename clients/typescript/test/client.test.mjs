// The client against a server that is difficult on purpose.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { Kabar, KabarProblem } from '../dist/index.js';

let server;
let url;
/** What is answered next, and what was asked. */
let answers = [];
let asked = [];

before(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      const { status = 200, headers = {}, json = { success: true, count: 1 } } = answers.shift() ?? {};
      if (status === 0) return request.socket.destroy();
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(json));
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());
beforeEach(() => { answers = []; asked = []; });

const problem = (status, more = {}, headers = {}) =>
  ({ status, headers, json: { type: 'urn:kabar:problem:x', title: 'x', status, detail: 'no', errors: [], ...more } });
const kabar = (options) => new Kabar({ url, token: 'secret', ...options });
const roomId = '00000000-0000-0000-0000-000000000001';

test('a path has its ids, a query what is given, a request its bearer', async () => {
  await kabar({ token: async () => 'fresh' }).api.listMembers({ path: { roomId }, query: { limit: 5, cursor: undefined } });
  assert.equal(asked[0].url, `/api/chat/rooms/${roomId}/members?limit=5`);
  assert.equal(asked[0].headers.authorization, 'Bearer fresh');
  await kabar().api.removeMember({ path: { roomId, userId: 'a/b c' } });
  assert.equal(asked[1].url, `/api/chat/groups/${roomId}/members/a%2Fb%20c`);
});

test('what the server cannot do now is tried again under the same key, when it says', async () => {
  answers = [problem(503, {}, { 'Retry-After': '0' }), problem(429, {}, { 'Retry-After': '0' }), { status: 0 }, {}];
  await kabar().api.sendMessage({ body: { roomId, content: 'halo' } });
  const keys = asked.map(({ headers }) => headers['idempotency-key']);
  assert.equal(keys.length, 4);
  assert.ok(keys[0]);
  assert.equal(new Set(keys).size, 1);
});

test('the time that the server names is waited, up to a limit', async () => {
  answers = [problem(503, {}, { 'Retry-After': '1' }), {}];
  const began = performance.now();
  await kabar().api.countUnread();
  assert.ok(performance.now() - began >= 950);
  answers = [problem(503, {}, { 'Retry-After': '3600' }), {}];
  const again = performance.now();
  await kabar({ waitMsMax: 20 }).api.countUnread();
  assert.ok(performance.now() - again < 900);
});

test('it is not tried for ever', async () => {
  answers = Array.from({ length: 9 }, () => problem(503, {}, { 'Retry-After': '0' }));
  await assert.rejects(kabar({ attemptsMax: 3 }).api.countUnread(), { status: 503 });
  assert.equal(asked.length, 3);
});

test('a no is thrown as it is told, at once', async () => {
  answers = [problem(422, { detail: 'limit: 1 to 100', errors: [{ field: 'limit', reason: '1 to 100' }] }, { 'X-Request-Id': 'r1' })];
  const error = await kabar().api.listRooms({ query: { limit: 0 } }).catch((thrown) => thrown);
  assert.ok(error instanceof KabarProblem);
  assert.deepEqual([error.status, error.message, error.reason('limit'), error.requestId],
    [422, 'limit: 1 to 100', '1 to 100', 'r1']);
  assert.equal(asked.length, 1);
});

test('an answer of a proxy that is no problem of ours is an error all the same', async () => {
  answers = [{ status: 418, json: [] }];
  await assert.rejects(kabar().api.countUnread(), { name: 'KabarProblem', status: 418 });
});

test('what is read after a write shows it, and the place only goes forward', async () => {
  const client = kabar();
  answers = [{ headers: { 'Kabar-Position': 'a1-9' } }, { headers: { 'Kabar-Position': 'a1-7' } }, {}];
  await client.api.closeRoom({ path: { roomId } });
  await client.api.reopenRoom({ path: { roomId } });
  await client.api.countUnread();
  assert.equal(asked[2].headers['kabar-after'], 'a1-9');
  assert.equal(client.position, 'a1-9');
  await client.api.countUnread({ after: 'a1-12' });
  assert.equal(asked[3].headers['kabar-after'], 'a1-12');
});

test('a position of a log that is no more is forgotten', async () => {
  const client = kabar();
  const gone = problem(422, { errors: [{ field: 'Kabar-After', reason: 'a position of another log' }] });
  answers = [{ headers: { 'Kabar-Position': 'a1-9' } }, gone, {}];
  await client.api.closeRoom({ path: { roomId } });
  await client.api.countUnread();
  assert.deepEqual(asked.map(({ headers }) => headers['kabar-after']), [undefined, 'a1-9', undefined]);
});

test('two who find the log gone at once are both answered, and what is made once is made then', async () => {
  const client = kabar();
  const gone = problem(422, { errors: [{ field: 'Kabar-After', reason: 'a position of another log' }] });
  answers = [{ headers: { 'Kabar-Position': 'a1-9' } }, gone, gone, {}, {}];
  await client.api.closeRoom({ path: { roomId } });
  const typing = client.api.setTyping({ body: { roomId, isTyping: true, socket_id: null } });
  await Promise.all([client.api.countUnread(), typing]);
  assert.equal(asked.length, 5);
  await assert.rejects((answers = [gone], client.api.countUnread({ after: 'b2-1' })), { status: 422 });
});

test('what neither reads nor has a key is tried again where that does no harm', async () => {
  const body = { socket_id: '1.1', channel_name: 'private-user-ana' };
  answers = [problem(503), {}];
  await assert.rejects(kabar().api.authorizeChannel({ body }), { status: 503 });
  answers = [problem(503), {}];
  await kabar().api.authorizeChannel({ body, again: true });
  assert.equal(asked.length, 3);
});

test('who gives up waits no longer', async () => {
  answers = [problem(503, {}, { 'Retry-After': '20' })];
  const controller = new AbortController();
  const call = kabar().api.countUnread({ signal: controller.signal });
  while (asked.length === 0) await new Promise((soon) => setImmediate(soon));
  controller.abort(new Error('enough'));
  await assert.rejects(call, /enough/);
});

// A server that is difficult on purpose: the routes and the sockets of Kabar as far as the channels need them, saying what
// a test wants said, when it wants it.
//
// Separate from the tests because several files use it. The real server is met in test/live.test.mjs; what it never does
// on demand (close with a code, answer late, say things in an awkward order) is done here. Knows no rule of Kabar's.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const LOG = '00000000000000000000000000000007';

export const position = (number) => `${LOG}-${number}`;

export class SimulatedServer {
  /** Of all that ever came, in order. */
  sockets = [];
  /** Requests in order, as {path, query, headers, form}. */
  asked = [];
  /** What a request is answered with, as {status, json, headers}; a test puts its own here. May be a promise. */
  answer = () => ({});
  /** What happens when a socket comes; without a word of the test it is welcome. */
  welcome = (socket) => socket.establish();
  /** What happens when one subscribes. */
  subscribed = (socket, channel) => socket.say('pusher_internal:subscription_succeeded', channel, { position: position(1) });
  #http = createServer((request, response) => void this.#route(request, response));

  static async start() {
    const server = new SimulatedServer();
    server.#http.on('upgrade', (request, raw) => server.sockets.push(new SimulatedSocket(server, request, raw)));
    await new Promise((listening) => server.#http.listen(0, '127.0.0.1', listening));
    server.url = `http://127.0.0.1:${server.#http.address().port}`;
    return server;
  }

  /** The socket of now. */
  get socket() {
    return this.sockets.at(-1);
  }

  /** Everything that any socket said under a name, of a channel. */
  heard(event, channel) {
    const all = this.sockets.flatMap((socket) => socket.heard);
    return all.filter((frame) => frame.event === event && frame.data.channel === channel);
  }

  /** Requests for a signature. */
  get signings() {
    return this.asked.filter(({ path }) => path.endsWith('/api/pusher/auth'));
  }

  stop() {
    for (const socket of this.sockets) socket.cut();
    this.#http.closeAllConnections();
    this.#http.close();
  }

  async #route(request, response) {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { pathname, searchParams } = new URL(request.url, 'http://here');
    const form = Object.fromEntries(new URLSearchParams(body));
    const asked = { path: pathname, query: Object.fromEntries(searchParams), headers: request.headers, form };
    this.asked.push(asked);
    const { status = 200, headers = {}, json } = (await this.answer(asked)) ?? {};
    const usual = pathname.endsWith('/api/pusher/auth') ? { auth: 'key:signed' } : { success: true, count: 0 };
    const told = json ?? (status === 200 ? usual : { type: 'urn:kabar:problem:x', status, detail: `it is ${status}`, errors: [] });
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(told));
  }
}

class SimulatedSocket {
  /** Frames of the client, as it sent them. */
  heard = [];
  isOpen = true;
  #raw;
  #server;
  #bytes = Buffer.alloc(0);

  constructor(server, request, raw) {
    this.#server = server;
    this.#raw = raw;
    this.path = new URL(request.url, 'http://here').pathname;
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
    raw.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    raw.on('data', (bytes) => this.#take(bytes));
    raw.on('error', () => undefined);
    raw.on('close', () => { this.isOpen = false; });
    server.welcome(this);
  }

  establish() {
    this.id = `${randomUUID().replace(/\D/g, '').slice(0, 8)}.1`;
    this.say('pusher:connection_established', undefined, { socket_id: this.id, activity_timeout: 120 });
  }

  say(event, channel, data) {
    this.#write(0x1, Buffer.from(JSON.stringify({ event, channel, data: JSON.stringify(data ?? {}) })));
  }

  close(code, reason) {
    const number = Buffer.alloc(2);
    number.writeUInt16BE(code);
    this.#write(0x8, Buffer.concat([number, Buffer.from(reason)]));
    this.#raw.end();
  }

  /** As a network does it. */
  cut() {
    this.#raw.destroy();
  }

  #write(kind, payload) {
    const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
    this.#raw.write(Buffer.concat([Buffer.from([0x80 | kind, ...length]), payload]));
  }

  // A client masks what it sends; none of these tests sends a frame of 64 KiB or in parts.
  #take(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const short = this.#bytes[1] & 0x7f;
      const at = short === 126 ? 4 : 2;
      if (this.#bytes.length < at + 4) return;
      const length = short === 126 ? this.#bytes.readUInt16BE(2) : short;
      if (this.#bytes.length < at + 4 + length) return;
      const kind = this.#bytes[0] & 0x0f;
      const mask = this.#bytes.subarray(at, at + 4);
      const payload = Buffer.from(this.#bytes.subarray(at + 4, at + 4 + length)).map((byte, index) => byte ^ mask[index % 4]);
      this.#bytes = this.#bytes.subarray(at + 4 + length);
      if (kind === 0x8) this.#raw.end();
      if (kind === 0x1) this.#obey(JSON.parse(payload.toString()));
    }
  }

  #obey(frame) {
    this.heard.push(frame);
    if (frame.event === 'pusher:subscribe') this.#server.subscribed(this, frame.data.channel, frame.data);
    if (frame.event === 'pusher:ping') this.say('pusher:pong');
  }
}

// The application's own server, made of the unmodified server SDK (pusher-http-node) and nothing else that thinks: it
// triggers, asks, authorises channels and users, and takes webhooks. Steered as client.mjs is, line by line.
//
//   {"do":"listen"}  for pages that want to be authorised, and for webhooks
//   {"do":"start","host":..,"port":..,"appId":..,"key":..,"secret":..,"encryptionMasterKeyBase64":..}
//   {"do":"call","id":..,"method":"trigger","arguments":[..]}     any method of the SDK that answers with a promise
//   {"do":"refuse","requests":n}                                  the next n webhooks are answered with 500
//
// Answers are {"event":..,"channel":null,"data":..}: "listening" {port}, "answered" {id, status, body}, "webhook" {valid, events}.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Pusher from 'pusher';

let pusher = null;
let refusals = 0;

const say = (event, data) => process.stdout.write(`${JSON.stringify({ event, channel: null, data })}\n`);

const bodyOf = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

// As the integration server of pusher-js does it: everybody may have everything, private channels are signed with
// channel_data as well, and who does not say who they are is called by their socket.
function authorise(form, user) {
  const [socket, channel] = [form.get('socket_id'), form.get('channel_name')];
  const data = user
    ? { user_id: user, user_info: { name: `${user} by the server` } }
    : { user_id: socket, user_info: { name: `Integration ${socket}`, email: `integration-${socket}@example.com` } };
  return pusher.authorizeChannel(socket, channel, data);
}

const routes = {
  '/auth': (form, user) => authorise(form, user),
  '/user-auth': (form, user) =>
    pusher.authenticateUser(form.get('socket_id'), {
      id: user,
      user_info: { name: `${user} by the server` },
      watchlist: JSON.parse(form.get('watchlist') ?? '[]'),
    }),
};

async function serve(request, response) {
  const rawBody = await bodyOf(request);
  if (request.url === '/webhook') {
    const webhook = pusher.webhook({ headers: request.headers, rawBody });
    const refused = refusals > 0;
    if (refused) refusals -= 1;
    say('webhook', { refused, valid: webhook.isValid(), events: webhook.isValid() ? webhook.getEvents() : null });
    response.writeHead(refused ? 500 : 200).end();
    return;
  }
  const answer = routes[request.url](new URLSearchParams(rawBody), request.headers['x-user']);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

const http = createServer((request, response) => {
  serve(request, response).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    response.writeHead(500).end();
  });
});

const wishes = {
  listen: () => http.listen(0, '127.0.0.1', () => say('listening', { port: http.address().port })),
  start: ({ host, port, appId, key, secret, encryptionMasterKeyBase64 }) => {
    pusher = new Pusher({ host, port, appId, key, secret, encryptionMasterKeyBase64, useTLS: false });
    say('started', null);
  },
  call: ({ id, method, arguments: given }) => {
    const read = async (response) => ({ id, status: response.status, body: await response.json() });
    const failed = (error) => ({ id, status: error.status ?? null, body: error.body ?? String(error) });
    pusher[method](...given)
      .then(read)
      .catch(failed)
      .then((answer) => say('answered', answer));
  },
  refuse: ({ requests }) => {
    refusals = requests;
    say('refusing', null);
  },
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const wish = JSON.parse(line);
  const carryOut = wishes[wish.do];
  if (!carryOut) throw new Error(`no such wish: ${line}`);
  carryOut(wish);
});
// The test is over or died: nobody reads any more.
lines.on('close', () => process.exit(0));

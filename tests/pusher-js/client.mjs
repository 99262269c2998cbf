// A real, unmodified pusher-js, steered line by line: one JSON wish a line on stdin, one JSON event a line on stdout.
//
// Separate from the tests because only the library itself can show that it needs no change. Nothing in here may
// know what the server ought to do: it passes on what pusher-js says, the Rust side judges.
//
//   {"do":"connect","wsHost":..,"wsPort":..,"key":..,"authEndpoint":..,"userAuthEndpoint":..,"headers":{..},"params":{..},"resuming":..}
//   {"do":"subscribe","channel":..}  {"do":"unsubscribe","channel":..}  {"do":"disconnect"}
//   {"do":"signin"}  {"do":"trigger","channel":..,"name":..,"data":..}
//
// Answers are {"event":..,"channel":..|null,"data":..}, and "userId" where the library says one. Connection events are
// named "connection:..", those to the signed-in user "user:..", those of the watchlist "watchlist:..".
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';

let pusher = null;

const say = (event, channel, data, userId) =>
  process.stdout.write(`${JSON.stringify({ event, channel, data: data ?? null, userId })}\n`);

// The very snippet that the manual gives: its first block of code.
function snippet() {
  const manual = readFileSync(new URL('../../docs/realtime.md', import.meta.url), 'utf8');
  return new Function(`${manual.match(/```js\n([\s\S]*?)```/)[1]}; return resuming;`)();
}

function connect({
  wsHost, wsPort, key, authEndpoint, userAuthEndpoint, headers, params, activityTimeout, pongTimeout, resuming,
}) {
  const resume = resuming ? snippet()(authEndpoint, headers) : null;
  pusher = new Pusher(key, {
    cluster: '', // The library insists on one; wsHost decides.
    wsHost,
    wsPort,
    forceTLS: false,
    enabledTransports: ['ws'],
    activityTimeout,
    pongTimeout,
    channelAuthorization: resume
      ? { customHandler: resume.authorize }
      : { transport: 'ajax', endpoint: authEndpoint, headers },
    userAuthentication: { transport: 'ajax', endpoint: userAuthEndpoint ?? authEndpoint, headers, params },
  });
  if (resume) pusher.connection.bind('message', resume.remember);
  pusher.user.bind_global((event, data) => say(`user:${event}`, null, data));
  pusher.user.watchlist.bind_global((event, data) => say(`watchlist:${event}`, null, data));
  pusher.connection.bind('state_change', (states) => say('connection:state_change', null, states));
  pusher.connection.bind('connected', () => say('connection:connected', null, { socketId: pusher.connection.socket_id }));
  pusher.connection.bind('error', (error) => say('connection:error', null, error));
}

function subscribe({ channel }) {
  // Every event of the channel, subscription_succeeded and subscription_error among them.
  const subscribed = pusher.subscribe(channel);
  subscribed.bind_global((event, data) => {
    const members = data && data.members && { members: data.members, count: data.count, me: data.me };
    say(event, channel, members || data);
  });
  // Global callbacks are not told who it was; those of one event are.
  subscribed.bind('client-said', (data, metadata) => say('client-said by', channel, data, metadata.user_id));
}

function unsubscribe({ channel }) {
  pusher.channel(channel)?.unbind_global();
  pusher.unsubscribe(channel);
  say('unsubscribed', channel, null);
}

function trigger({ channel, name, data }) {
  say('triggered', channel, pusher.channel(channel).trigger(name, data));
}

function signin() {
  pusher.signin();
  pusher.user.signinDonePromise.then(() => say('signed-in', null, pusher.user.user_data));
}

const wishes = {
  connect,
  trigger,
  signin,
  subscribe,
  unsubscribe,
  disconnect: () => pusher.disconnect(),
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

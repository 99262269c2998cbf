// A real, unmodified pusher-js, steered line by line: one JSON wish a line on stdin, one JSON event a line on stdout.
//
// Separate from the tests because only the library itself can show that it needs no change. Nothing in here may
// know what the server ought to do: it passes on what pusher-js says, the Rust side judges.
//
//   {"do":"connect","wsHost":..,"wsPort":..,"key":..,"token":..,"authEndpoint":..}
//   {"do":"subscribe","channel":..}  {"do":"unsubscribe","channel":..}  {"do":"disconnect"}
//
// Answers are {"event":..,"channel":..|null,"data":..}. Connection events are named "connection:..".
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';

let pusher = null;

const say = (event, channel, data) =>
  process.stdout.write(`${JSON.stringify({ event, channel, data: data ?? null })}\n`);

function connect({ wsHost, wsPort, key, token, authEndpoint, activityTimeout, pongTimeout }) {
  pusher = new Pusher(key, {
    cluster: '', // The library insists on one; wsHost decides.
    wsHost,
    wsPort,
    forceTLS: false,
    enabledTransports: ['ws'],
    activityTimeout,
    pongTimeout,
    channelAuthorization: {
      transport: 'ajax',
      endpoint: authEndpoint,
      headers: token ? { Authorization: `Bearer ${token}` } : {},
    },
  });
  pusher.connection.bind('state_change', (states) => say('connection:state_change', null, states));
  pusher.connection.bind('connected', () => say('connection:connected', null, { socketId: pusher.connection.socket_id }));
  pusher.connection.bind('error', (error) => say('connection:error', null, error));
}

function subscribe({ channel }) {
  // Every event of the channel, subscription_succeeded and subscription_error among them.
  pusher.subscribe(channel).bind_global((event, data) => say(event, channel, data));
}

function unsubscribe({ channel }) {
  pusher.channel(channel)?.unbind_global();
  pusher.unsubscribe(channel);
  say('unsubscribed', channel, null);
}

const wishes = {
  connect,
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

// pusher-js's own integration scenarios, from the package as it is published, against the Kabar at KABAR_ADDRESS.
//
// They are written for a build with a web server of their own and for Pusher's clusters. Here their modules are given what
// stands for those: the published library with Kabar's address, and the server SDK. Nothing of a scenario is changed.
const Module = require('node:module');
const path = require('node:path');
const Pusher = require('pusher-js');
const Server = require('pusher');

const [host, port] = process.env.KABAR_ADDRESS.split(':');
const { KABAR_KEY: key, KABAR_SECRET: secret, AUTH_ENDPOINT: endpoint } = process.env;
const server = new Server({ host, port, appId: '1', key, secret, useTLS: false });

class PusherIntegration extends Pusher {
  constructor(_key, options) {
    super(key, {
      ...options,
      wsHost: host,
      wsPort: port,
      enabledTransports: ['ws'],
      channelAuthorization: { transport: 'ajax', endpoint },
    });
  }
}

const stands = {
  pusher_integration: PusherIntegration,
  integration: {
    API_URL: '',
    getRandomName: (prefix) => `${prefix}_${Date.now()}_${Math.floor(Math.random() * 1000000)}`,
    sendAPIMessage: ({ channel, event, data }) => server.trigger(channel, event, data),
  },
  'core/utils/collections': {
    objectApply: (object, apply) => Object.entries(object).forEach(([name, value]) => apply(value, name)),
  },
  runtime: { default: { Transports: { ws: { isSupported: () => true } } } },
};

const load = Module._load;
Module._load = function (request, parent, isMain) {
  return stands[request] ?? load.call(this, request, parent, isMain);
};

const folder = path.dirname(require.resolve('pusher-js/package.json'));
const { build } = require(path.join(folder, 'spec/javascripts/integration/core/pusher_spec/test_builder.js'));
describe('Pusher (integration)', () => build({ transport: 'ws', forceTLS: false }));

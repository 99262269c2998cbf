// Makes src/generated from the server's documents, or says what is out of date.
//
//   node scripts/generate.mjs http://127.0.0.1:8080            writes
//   node scripts/generate.mjs http://127.0.0.1:8080 --check    compares, and fails where something differs
//
// Separate from the client because nobody needs it at run time. Never in here: anything the documents do not say.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const NOTE = '// Made by scripts/generate.mjs from the server\'s documents; not to be edited.\n\n';
const folder = new URL('../src/generated/', import.meta.url);

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return answer.json();
}

async function types(document) {
  return NOTE + astToString(await openapiTS(structuredClone(document), { alphabetize: true, defaultNonNullable: false }));
}

// What there is to know about a route when it is called.
function routes(document) {
  const lines = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const refers = (name) => (operation.parameters ?? []).some((one) => one.$ref === `#/components/parameters/${name}`);
      const route = { method: method.toUpperCase(), path, keyed: refers('Idempotency-Key'), waits: refers('Kabar-After') };
      const content = Object.keys(operation.requestBody?.content ?? {})[0];
      const kinds = { 'application/json': 'json', 'application/x-www-form-urlencoded': 'form' };
      if (content) route.body = kinds[content] ?? 'bytes';
      if (operation.responses['200'].content?.['*/*']) route.file = true;
      lines.push(`  ${operation.operationId}: ${JSON.stringify(route)},`);
    }
  }
  lines.sort();
  return `${NOTE}import type { Route } from '../route.js';\n\n`
    + `export const routes = {\n${lines.join('\n')}\n} as const satisfies Record<string, Route>;\n`;
}

// Frames are no routes, but their types are made by the same program.
async function channels(document) {
  const only = { openapi: '3.1.0', info: document.info, paths: {}, components: { schemas: document.components.schemas } };
  const parts = [await types(only)];
  for (const [id, channel] of Object.entries(document.channels)) {
    // What the application's own server sends there nobody here knows.
    if (!Object.keys(channel.messages).length) continue;
    const events = Object.entries(channel.messages).map(([event, { $ref }]) => {
      const message = document.components.messages[$ref.split('/').pop()];
      const type = message.payload.$ref.split('/').pop();
      return `  /** ${message.summary} */\n  ${JSON.stringify(event)}: components["schemas"]["${type}"];`;
    });
    const name = `${id[0].toUpperCase()}${id.slice(1)}Events`;
    parts.push(`/** ${channel.description} On \`${channel.address}\`. */\nexport interface ${name} {\n${events.join('\n')}\n}\n`);
  }
  return parts.join('\n');
}

const [base, flag] = process.argv.slice(2);
if (!base || (flag && flag !== '--check')) throw new Error('usage: generate.mjs URL [--check]');
const openapi = await fetched(new URL('/openapi.json', base));
const asyncapi = await fetched(new URL('/asyncapi.json', base));
const files = {
  'openapi.ts': await types(openapi),
  'routes.ts': routes(openapi),
  'channels.ts': await channels(asyncapi),
};
const different = [];
for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, folder);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  different.push(name);
  if (!flag) await writeFile(file, text);
}
if (flag && different.length) {
  console.error(`src/generated is out of date (${different.join(', ')}): npm run generate -- URL`);
  process.exit(1);
}

// The page of the routes, made from /openapi.json: what one may ask, what one gets, and trying it.
//
// Text of the document goes in as text, never as markup. Nothing is kept: the token lives as long as the page.

const found = (id) => document.getElementById(id);

// An element with attributes and children; a child that is no element is text.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

let api = {};

const followed = (thing) =>
  thing?.$ref ? thing.$ref.slice(2).split('/').reduce((at, part) => at?.[part.replaceAll('~1', '/')], api) : thing;

const nameOf = (schema) => schema.$ref?.split('/').pop();

// ---- schemas ----

// A few words for a type.
function typeName(schema) {
  if (!schema || schema === true) return 'anything';
  if (schema.$ref) return nameOf(schema);
  const any = schema.anyOf ?? schema.oneOf;
  if (any) return any.map(typeName).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.type === 'array') return `${typeName(schema.items)}[]`;
  return [schema.type ?? 'anything'].flat().join(' | ') + (schema.format ? ` (${schema.format})` : '');
}

function limits(schema) {
  const said = [];
  const range = (low, high, unit) => {
    if (low !== undefined || high !== undefined) said.push(`${low ?? ''}..${high ?? ''}${unit}`);
  };
  range(schema.minimum, schema.maximum, '');
  range(schema.minLength, schema.maxLength, ' characters');
  range(schema.minItems, schema.maxItems, ' items');
  if (schema.pattern) said.push(schema.pattern);
  return said.join(', ');
}

// The object (with fields) that a schema stands for, and where it is named.
function objectIn(schema) {
  const inside = [schema, schema?.items, ...(schema?.anyOf ?? []), schema?.additionalProperties, schema?.items?.items];
  return inside.find((one) => one && followed(one)?.properties);
}

function field(name, schema, required, above) {
  const inner = objectIn(schema);
  const target = followed(schema) ?? {};
  const line = [
    make('span', required ? {} : { class: 'optional' }, required ? name : `${name}?`), ': ',
    make('span', { class: 'type' }, typeName(schema)), ' ',
    make('span', { class: 'said' }, [limits(target), schema.description ?? (inner ? '' : target.description)].filter(Boolean).join(' · ')),
  ];
  if (!inner || above.includes(nameOf(inner))) return make('div', { class: 'field' }, line);
  const details = make('details', {}, make('summary', {}, line));
  // Opened when it is looked at: types may be in themselves.
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(...fields(inner, [...above, nameOf(inner)]));
  });
  return details;
}

function fields(schema, above = []) {
  const object = followed(schema);
  const required = new Set(object.required ?? []);
  return Object.entries(object.properties ?? {}).map(([name, one]) => field(name, one, required.has(name), above));
}

function shape(schema) {
  const object = objectIn(schema);
  return make('div', { class: 'schema' }, make('span', { class: 'type' }, typeName(schema)),
    object ? fields(object, [nameOf(object)]) : null);
}

// ---- trying ----

// Something of the right form, to begin with.
function example(schema, depth = 0) {
  const target = followed(schema);
  if (!target || depth > 4) return null;
  if (target.const !== undefined) return target.const;
  if (target.enum) return target.enum[0];
  if (target.properties) {
    const wanted = Object.entries(target.properties).filter(([name]) => target.required?.includes(name));
    return Object.fromEntries(wanted.map(([name, one]) => [name, example(one, depth + 1)]));
  }
  const any = target.anyOf ?? target.oneOf;
  if (any) return example(any[0], depth + 1);
  const kind = [target.type].flat()[0];
  if (kind === 'array') return [];
  if (kind === 'boolean') return true;
  if (kind === 'integer' || kind === 'number') return target.minimum ?? 0;
  return kind === 'object' ? {} : '';
}

async function send(method, path, inputs, body, out) {
  const query = new URLSearchParams();
  const headers = {};
  let url = path;
  for (const { parameter, input } of inputs) {
    const value = input.value;
    if (parameter.in === 'path') url = url.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value && parameter.in === 'query') query.set(parameter.name, value);
    else if (value) headers[parameter.name] = value;
  }
  if (query.size) url += `?${query}`;
  const token = found('token').value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers['Content-Type'] = body.mediaType;
  out.replaceChildren(make('p', { class: 'said' }, `${method.toUpperCase()} ${url} …`));
  const began = performance.now();
  try {
    const answer = await fetch(url, { method: method.toUpperCase(), headers, body: body?.area.value });
    const text = await answer.text();
    const shown = [`${answer.status} ${answer.statusText}, ${Math.round(performance.now() - began)} ms`];
    for (const name of ['kabar-position', 'retry-after', 'x-request-id']) {
      if (answer.headers.has(name)) shown.push(`${name}: ${answer.headers.get(name)}`);
    }
    out.replaceChildren(make('pre', {}, `${shown.join('\n')}\n\n${pretty(text)}`));
  } catch (error) {
    out.replaceChildren(make('pre', {}, `No answer: ${error.message}`));
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// ---- routes ----

function parameterRows(parameters) {
  const inputs = [];
  const rows = parameters.map((parameter) => {
    const input = make('input', { 'aria-label': parameter.name, placeholder: parameter.in });
    inputs.push({ parameter, input });
    const schema = followed(parameter.schema) ?? {};
    const said = [typeName(parameter.schema), limits(schema), parameter.description].filter(Boolean).join(' · ');
    return make('tr', {}, make('td', {}, parameter.required ? parameter.name : `${parameter.name}?`),
      make('td', { class: 'said' }, said), make('td', {}, input));
  });
  return { inputs, table: rows.length ? [make('h4', {}, 'Parameters'), make('table', {}, rows)] : [] };
}

function bodyOf(operation) {
  const content = Object.entries(operation.requestBody?.content ?? {})[0];
  if (!content) return { body: null, shown: [] };
  const [mediaType, { schema }] = content;
  const form = mediaType.includes('form');
  const start = example(schema);
  const area = make('textarea', { 'aria-label': 'Body', spellcheck: 'false' },
    form ? new URLSearchParams(start).toString() : JSON.stringify(start, null, 2));
  return { body: { mediaType, area }, shown: [make('h4', {}, `Body: ${mediaType}`), shape(schema), make('p'), area] };
}

function answers(operation) {
  return Object.entries(operation.responses).map(([status, response]) => {
    const told = followed(response);
    const content = Object.values(told.content ?? {})[0];
    if (status !== '200') return make('tr', {}, make('td', {}, status), make('td', { class: 'said' }, told.description));
    return make('tr', {}, make('td', {}, status), make('td', {}, content ? shape(content.schema) : told.description));
  });
}

// What is inside is made when it is opened.
function fill(inside, path, method, operation) {
  const { inputs, table } = parameterRows((operation.parameters ?? []).map(followed));
  const { body, shown } = bodyOf(operation);
  const out = make('div', { 'aria-live': 'polite' });
  const button = make('button', { type: 'button' }, 'Try it');
  button.addEventListener('click', () => send(method, path, inputs, body, out));
  inside.append(...table, ...shown, make('div', { class: 'try' }, button,
    make('span', { class: 'said' }, 'It is done for real, as who the token says.')), out,
  make('h4', {}, 'Answers'), make('table', {}, answers(operation)));
}

function route(path, method, operation) {
  const inside = make('div');
  const summary = make('summary', {}, make('span', { class: `method ${method}` }, method.toUpperCase()),
    make('span', { class: 'path' }, path), make('span', { class: 'about' }, operation.summary));
  const details = make('details', { class: 'route', id: operation.operationId }, summary, inside);
  details.addEventListener('toggle', () => {
    if (details.open && !inside.children.length) fill(inside, path, method, operation);
    if (details.open) history.replaceState(null, '', `#${operation.operationId}`);
  });
  return details;
}

function show() {
  const all = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  found('version').textContent = api.info.version;
  const main = found('routes');
  const contents = found('contents');
  main.replaceChildren(make('p', { class: 'said' }, api.info.description));
  for (const tag of api.tags) {
    const own = all.filter(({ operation }) => operation.tags.includes(tag.name));
    main.append(make('section', {}, make('h2', { id: tag.name }, tag.name), make('p', { class: 'said' }, tag.description),
      own.map(({ path, method, operation }) => route(path, method, operation))));
    contents.append(make('strong', {}, tag.name), ...own.map(({ operation }) =>
      make('a', { href: `#${operation.operationId}`, title: operation.summary }, operation.operationId)));
  }
}

function search(words) {
  const wanted = words.toLowerCase();
  for (const details of document.querySelectorAll('details.route')) {
    details.hidden = !`${details.id} ${details.firstChild.textContent}`.toLowerCase().includes(wanted);
  }
  for (const section of document.querySelectorAll('section')) {
    section.hidden = !section.querySelector('details.route:not([hidden])');
  }
}

// The route that the address names is open and in sight.
function openNamed() {
  const details = found(decodeURIComponent(location.hash.slice(1)));
  if (!details?.matches('details')) return;
  details.open = true;
  details.scrollIntoView();
}

found('search').addEventListener('input', (event) => search(event.target.value));
addEventListener('hashchange', openNamed);
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.matches('input, textarea')) return;
  event.preventDefault();
  found('search').focus();
});

try {
  const answer = await fetch('/openapi.json');
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  api = await answer.json();
  show();
  openNamed();
} catch (error) {
  found('routes').replaceChildren(make('p', {}, `The document could not be read: ${error.message}`));
}

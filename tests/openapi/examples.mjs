// Every example of the document against the schema it stands beside, and the real replies to a few calls against
// theirs.
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const url = process.env.LANTING_URL;
const document = await (await fetch(`${url}/openapi.json`)).json();

const ajv = new Ajv2020.default({strict: true, strictTypes: false, strictRequired: false, allErrors: true});
addFormats.default(ajv);
// JSON numbers and strings of fixed width, whose bounds stand in `pattern`, `minimum` and `maximum`.
for (const format of ['int32', 'uint32', 'int64', 'uint64', 'float', 'double']) ajv.addFormat(format, true);
for (const keyword of ['example', 'discriminator', 'x-oneof', 'x-pii', 'x-immutable', 'x-resource', 'x-minimum',
  'x-maximum', 'x-extensible-enum', 'components']) ajv.addKeyword({keyword});
ajv.addSchema({$id: 'https://lanting.test/openapi.json', components: document.components});

let checked = 0;
const faults = [];
const compiled = new Map();

function check(where, schema, value) {
  ++checked;
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"https://lanting.test/openapi.json#/components/');
  if (!compiled.has(text)) compiled.set(text, ajv.compile(JSON.parse(text)));
  const validate = compiled.get(text);
  if (!validate(value)) faults.push(`${where}: ${ajv.errorsText(validate.errors)}\n  ${JSON.stringify(value)}`);
}

// Whatever has both a schema and examples: parameters, headers, media types. A body of text is a string.
function walk(node, where) {
  if (node === null || typeof node !== 'object') return;
  if (node.schema && 'example' in node) check(where, node.schema, node.example);
  for (const value of node.schema?.examples ?? []) check(where, node.schema, value);
  for (const [name, child] of Object.entries(node))
    if (name !== 'schemas' && name !== 'schema' && name !== 'example') walk(child, `${where}/${name}`);
}
walk(document, '#');

// A request or a reply without an example would not have been checked.
for (const [path, item] of Object.entries(document.paths))
  for (const [method, operation] of Object.entries(item)) {
    const media = [...Object.entries(operation.requestBody?.content ?? {}),
      ...Object.entries(operation.responses['200'].content ?? {})];
    for (const [type, content] of media)
      if (!('example' in content) && type !== '*/*') faults.push(`${method} ${path}: ${type} has no example`);
    for (const parameter of operation.parameters)
      if (!parameter.$ref && !('example' in parameter) && !parameter.schema.examples)
        faults.push(`${method} ${path}: ${parameter.name} has no example`);
  }

// What is promised of replies is what they are.
async function real(operationId, target, init = {}) {
  const headers = {authorization: `Bearer ${process.env.LANTING_KEY}`, 'content-type': 'application/json'};
  const response = await fetch(url + target, {...init, headers});
  const operation = Object.values(document.paths).flatMap((item) => Object.values(item))
    .find((candidate) => candidate.operationId === operationId);
  let declared = operation.responses[response.status] ?? operation.responses.default;
  if (declared.$ref) declared = document.components.responses[declared.$ref.split('/').pop()];
  const body = await response.json();
  check(`${operationId} answered ${response.status}`, declared.content['application/json'].schema, body);
  for (const header of response.headers.keys())
    if (['etag', 'retry-after', 'traceparent', 'x-request-id'].includes(header) && !(header in (declared.headers ?? {})))
      faults.push(`${operationId}: ${header} is not declared for ${response.status}`);
  return {status: response.status, body};
}
const example = (operationId) => Object.values(document.paths).flatMap((item) => Object.values(item))
  .find((candidate) => candidate.operationId === operationId).requestBody.content['application/json'].example;
const post = (operationId, target, body = example(operationId)) =>
  real(operationId, target, {method: 'POST', body: JSON.stringify(body)});

await real('CommunityService_ListCommunityTemplates', '/v1/communityTemplates');
const community = await post('CommunityService_CreateCommunity', '/v1/communities?gateKind=GATE_KIND_QUESTIONS');
if (community.status !== 200) faults.push(`the example of CreateCommunity is refused: ${JSON.stringify(community.body)}`);
const at = `/v1/${community.body.name}`;
for (const [operationId, target, body] of [
  ['CommunityService_CreateGroup', `${at}/groups`],
  ['GateService_CreateGate', `${at}/gates`],
  ['MemberService_CreateMember', `${at}/members`],
  ['CommunityService_PublishHouseRules', `${at}/houseRules`],
  ['KeyService_CreateKey', '/v1/keys'],
]) {
  const made = await post(operationId, target, body);
  if (made.status !== 200) faults.push(`the example of ${operationId} is refused: ${JSON.stringify(made.body)}`);
}
await real('CommunityService_GetHouseRules', `${at}/houseRules/current`);
await real('MemberService_ListMembers', `${at}/members`);
await real('CommunityService_ListGroups', `${at}/groups`);
await real('GateService_ListGates', `${at}/gates`);
await real('KeyService_ListKeys', '/v1/keys');
await real('MemberService_GetMember', `${at}/members/01kjkz5n8ef000000000000000`);
await post('MemberService_CreateMember', `${at}/members`, {displayName: ' '});
await post('EchoService_Fail', '/v1/fail', {failure: {code: 14, message: 'm', reason: 'AWAY', retryDelay: '2s'}});
await post('EchoService_Echo', '/v1/echo', example('EchoService_Echo'));

// A stream: each line is what a line is said to be.
const things = document.paths['/v1/stream'].post;
const stream = await fetch(`${url}/v1/stream`, {
  method: 'POST',
  headers: {authorization: `Bearer ${process.env.LANTING_KEY}`, 'content-type': 'application/json'},
  body: JSON.stringify({kinds: {int32Value: 3}, failure: {code: 14, message: 'm', reason: 'AWAY'}}),
});
const lines = (await stream.text()).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
for (const line of lines) check('a streamed line', things.responses['200'].content['application/x-ndjson'].schema, line);
if (lines.filter((line) => line.result).length !== 3 || !lines.at(-1).error) faults.push(`streamed: ${JSON.stringify(lines)}`);

for (const fault of faults) console.error(fault);
console.error(`${checked} checked, ${faults.length} faults`);
process.exit(faults.length === 0 && checked > 300 ? 0 : 1);

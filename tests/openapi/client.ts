// What a tenant's program does, with every type from the document.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type {components, paths} from './schema.js';

type Problem = components['schemas']['Error'];

const client = createClient<paths>({
  baseUrl: process.env['LANTING_URL']!,
  headers: {authorization: `Bearer ${process.env['LANTING_KEY']}`},
});

// "communities/c/members/m" -> "m"
const idOf = (name: string) => name.slice(name.lastIndexOf('/') + 1);

function reasonOf(problem: Problem): string | undefined {
  for (const detail of problem.error.details)
    if (detail['@type'] === 'type.googleapis.com/google.rpc.ErrorInfo') return detail.reason;
  return undefined;
}

function must<T>(result: {data?: T; error?: Problem; response: Response}): T {
  assert.ok(result.data !== undefined, `${result.response.status} ${JSON.stringify(result.error)}`);
  return result.data;
}

// Create; the same key again makes nothing new.
const opening = () =>
  client.POST('/v1/communities', {
    params: {query: {gateKind: 'GATE_KIND_QUESTIONS'}, header: {'Idempotency-Key': 'client-open-1'}},
    body: {displayName: '江南读书会', template: 'TEMPLATE_SOCIAL_RING', purpose: '让同城的读者每月共读一本书'},
  });
const opened = must(await opening());
assert.equal(must(await opening()).name, opened.name);
assert.equal(opened.state, 'COMMUNITY_STATE_OPEN');
const community = idOf(opened.name);
must(await client.POST('/v1/communities/{community}/groups', {
  params: {path: {community}},
  body: {displayName: '一群', channel: 'CHANNEL_WECOM', capacity: 200},
}));

// Get, with 304 when nothing has changed.
const read = await client.GET('/v1/communities/{community}', {params: {path: {community}}});
const before = must(read);
const etag = read.response.headers.get('etag');
assert.equal(etag, before.etag);
const unchanged = await client.GET('/v1/communities/{community}',
  {params: {path: {community}, header: {'If-None-Match': before.etag}}});
assert.equal(unchanged.response.status, 304);

// Change only what was seen.
const changed = must(await client.PATCH('/v1/communities/{community}', {
  params: {path: {community}, header: {'If-Match': before.etag}},
  body: {vision: '三年内办成本市最有温度的读书会'},
}));
assert.equal(changed.vision, '三年内办成本市最有温度的读书会');
assert.equal(changed.displayName, before.displayName);
const late = await client.PATCH('/v1/communities/{community}', {
  params: {path: {community}, header: {'If-Match': before.etag}},
  body: {vision: null},
});
assert.equal(late.response.status, 409);
assert.ok(late.error);
assert.equal(late.error.error.status, 'ABORTED');
assert.equal(reasonOf(late.error), 'ETAG_MISMATCH');

// A list, page by page.
const names = ['林晓雨', '周子墨', 'Ada Lovelace', '陈思远', '王一诺'];
must(await client.POST('/v1/communities/{community}/members:batchCreate', {
  params: {path: {community}},
  body: {members: names.map((displayName) => ({displayName, acceptedRulesVersion: 1}))},
}));
const seen: string[] = [];
let pageToken = '';
let pages = 0;
do {
  const page = must(await client.GET('/v1/communities/{community}/members',
    {params: {path: {community}, query: {pageSize: 2, orderBy: 'createTime', pageToken}}}));
  seen.push(...page.members.map((member) => member.displayName));
  pageToken = page.nextPageToken;
  ++pages;
} while (pageToken !== '' && pages < 10);
assert.deepEqual(seen.sort(), [...names].sort());
assert.ok(pages >= 3);

// Errors have types.
const absent = await client.GET('/v1/communities/{community}/members/{member}',
  {params: {path: {community, member: '01kjkz5n8ef000000000000000'}}});
assert.equal(absent.response.status, 404);
assert.ok(absent.error);
assert.equal(reasonOf(absent.error), 'MEMBER_NOT_FOUND');
const wrong = await client.POST('/v1/communities/{community}/groups', {
  params: {path: {community}},
  body: {displayName: '', channel: 'CHANNEL_WECOM', capacity: 200001},
});
assert.equal(wrong.response.status, 400);
const fields = wrong.error?.error.details.flatMap((detail) =>
  detail['@type'] === 'type.googleapis.com/google.rpc.BadRequest' ? detail.fieldViolations.map((v) => v.field) : []);
assert.deepEqual(fields?.sort(), ['group.capacity', 'group.displayName']);

// The testing service: every field type, and a stream.
const echoed = must(await client.POST('/v1/echo', {
  body: {
    kinds: {int64Value: '9007199254740993', bytesValue: '5YWw5Lqt', stringMap: {city: '杭州'}, choiceText: '诗',
      timestamp: '2026-03-01T02:30:00Z', int32Wrapper: 7, structValue: {source: 'crm'}, color: 'COLOR_JADE'},
  },
}));
assert.equal(echoed.request?.kinds?.int64Value, '9007199254740993');
assert.equal(echoed.request?.kinds?.color, 'COLOR_JADE');
assert.equal(echoed.request?.kinds?.int32Wrapper, 7);
const thing = must(await client.GET('/v1/things/{thing}', {params: {path: {thing: 'scroll'}}}));
assert.equal(thing.name, 'things/scroll');
const gone = await client.DELETE('/v1/things/{thing}', {params: {path: {thing: 'scroll'}}});
assert.equal(gone.response.status, 200);

type Line = paths['/v1/stream']['get']['responses'][200]['content']['application/x-ndjson'];
const text = must(await client.GET('/v1/stream', {params: {query: {'kinds.int32Value': 3}}, parseAs: 'text'}));
const streamed = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
assert.deepEqual(streamed.map((line) => ('result' in line ? line.result.name : line.error.status)),
  ['things/0', 'things/1', 'things/2']);

// The compiler knows what is wrong.
// @ts-expect-error a group without a channel
const groupBody: components['schemas']['GroupInput'] = {displayName: '二群'};
// @ts-expect-error no such value
const kind: components['schemas']['GateKind'] = 'GATE_KIND_OPEN';
void groupBody, kind;

console.error(`${pages} pages of ${seen.length} members`);

// fastify + grpc-js in front of the benchmark's service, as one writes it by hand: the Node peer of `make bench`.
//
//   node server.js PORT UPSTREAM_ADDRESS PROTO_DIRECTORY...
'use strict';
const fastify = require('fastify')();
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [port, upstream, ...includeDirs] = process.argv.slice(2);
const definition = loader.loadSync('lanting/membership/v1/member_service.proto', {
  includeDirs, longs: String, enums: String, defaults: true, arrays: true, objects: true,
});
const { MemberService } = grpc.loadPackageDefinition(definition).lanting.membership.v1;
const members = new MemberService(upstream, grpc.credentials.createInsecure());

const toText = (t) => t && new Date(Number(t.seconds) * 1000 + t.nanos / 1e6).toISOString();
const toProto = (text) => {
  if (!text) return null;
  const ms = Date.parse(text);
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
};
const times = (member, convert) => {
  for (const field of ['joinTime', 'createTime', 'updateTime']) member[field] = convert(member[field]);
  return member;
};

const call = (method, request, message, reply) => {
  const metadata = new grpc.Metadata();
  if (request.headers.authorization) metadata.set('authorization', request.headers.authorization);
  members[method](message, metadata, { deadline: Date.now() + 10000 }, (error, member) => {
    if (error) reply.code(500).send({ code: error.code, message: error.details });
    else reply.send(times(member, toText));
  });
};

fastify.get('/v1/communities/:community/members/:member', (request, reply) => {
  call('getMember', request, { name: `communities/${request.params.community}/members/${request.params.member}` }, reply);
});
fastify.post('/v1/communities/:community/members', (request, reply) => {
  call('createMember', request,
    { parent: `communities/${request.params.community}`, member: times(request.body, toProto) }, reply);
});
fastify.listen({ port: Number(port), host: '127.0.0.1' }).catch((error) => {
  console.error(error);
  process.exit(1);
});

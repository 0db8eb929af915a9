// The gateway's JSON codec on a member with twelve fields, beside protobuf's own.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>
#include <lanting/membership/v1/member.pb.h>

#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"

namespace {

using lanting::membership::v1::Member;

Member Sample() {
  Member m;
  m.set_name("communities/01hxk5c3v8e5t9q2m7n4b6d0fg/members/01hxk5c3v8e5t9q2m7n4b6d0fh");
  m.set_external_id("crm-20240501-000123");
  m.set_display_name("临海潮音·小周");
  auto* identity = m.add_identities();
  identity->set_channel(static_cast<lanting::membership::v1::Channel>(1));
  identity->set_user_id("wmAbCdEfGhIjKlMnOpQrStUvWxYz012345");
  m.set_expectation("想认识做独立书店的朋友, and hear about weekend events");
  m.set_state(lanting::membership::v1::MEMBER_STATE_ACTIVE);
  m.set_group("communities/01hxk5c3v8e5t9q2m7n4b6d0fg/groups/01hxk5c3v8e5t9q2m7n4b6d0fj");
  m.set_source(lanting::membership::v1::JOIN_SOURCE_INVITE_LINK);
  m.set_accepted_rules_version(3);
  m.mutable_join_time()->set_seconds(1714555800);
  m.mutable_create_time()->set_seconds(1714555800);
  m.mutable_create_time()->set_nanos(120'000'000);
  m.set_etag("\"7\"");
  return m;
}

void Print(benchmark::State& state) {
  const Member member = Sample();
  for (auto _ : state) {
    std::string text;
    lanting::gateway::AppendJson(member, &text);
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(Print);

void Parse(benchmark::State& state) {
  std::string text;
  lanting::gateway::AppendJson(Sample(), &text);
  for (auto _ : state) {
    Member member;
    std::vector<lanting::FieldViolation> violations;
    auto malformed = lanting::gateway::ReadJson({.text = text, .message = &member}, &violations);
    if (malformed || !violations.empty()) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(member);
  }
}
BENCHMARK(Parse);

void ProtobufPrint(benchmark::State& state) {
  const Member member = Sample();
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  for (auto _ : state) {
    std::string text;
    (void)google::protobuf::util::MessageToJsonString(member, &text, options);
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(ProtobufPrint);

void ProtobufParse(benchmark::State& state) {
  std::string text;
  lanting::gateway::AppendJson(Sample(), &text);
  for (auto _ : state) {
    Member member;
    if (!google::protobuf::util::JsonStringToMessage(text, &member).ok()) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(member);
  }
}
BENCHMARK(ProtobufParse);

}  // namespace

BENCHMARK_MAIN();

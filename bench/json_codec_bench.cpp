// The gateway's JSON codec on a member with twelve fields, beside protobuf's own. Print + Parse: at most 6 us.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>

#include "bench/member_sample.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"

namespace {

using lanting::bench::SampleMember;
using lanting::membership::v1::Member;

void Print(benchmark::State& state) {
  const Member member = SampleMember();
  for (auto _ : state) {
    std::string text;
    lanting::gateway::AppendJson(member, &text);
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(Print);

void Parse(benchmark::State& state) {
  std::string text;
  lanting::gateway::AppendJson(SampleMember(), &text);
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
  const Member member = SampleMember();
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
  lanting::gateway::AppendJson(SampleMember(), &text);
  for (auto _ : state) {
    Member member;
    if (!google::protobuf::util::JsonStringToMessage(text, &member).ok()) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(member);
  }
}
BENCHMARK(ProtobufParse);

}  // namespace

BENCHMARK_MAIN();

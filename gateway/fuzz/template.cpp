// Path templates: what is taken is routed, whatever it looks like.
#include <google/api/annotations.pb.h>
#include <google/protobuf/descriptor.pb.h>

#include "gateway/fuzz/check.h"
#include "gateway/transcode/http_template.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;

// A service with one method of that template.
const pb::ServiceDescriptor* ServiceOf(const std::string& text, pb::DescriptorPool* pool) {
  pb::FileDescriptorProto file;
  file.set_name("fuzz.proto");
  file.set_package("fuzz");
  file.set_syntax("proto3");
  file.add_dependency(testing::v1::EchoRequest::descriptor()->file()->name());
  auto* service = file.add_service();
  service->set_name("FuzzService");
  auto* method = service->add_method();
  method->set_name("Get");
  method->set_input_type(".lanting.testing.v1.EchoRequest");
  method->set_output_type(".lanting.testing.v1.EchoReply");
  method->mutable_options()->MutableExtension(google::api::http)->set_get(text);
  const pb::FileDescriptor* built = pool->BuildFile(file);
  return built == nullptr ? nullptr : built->service(0);
}

std::string PathOf(const HttpTemplate& parsed) {
  std::string path;
  for (const Segment& segment : parsed.segments) {
    path += '/';
    path += segment.kind == Segment::kLiteral ? segment.literal : segment.kind == Segment::kDoubleStar ? "十/1" : "1";
  }
  return parsed.verb.empty() ? path : path + ":" + parsed.verb;
}

void Check(std::string_view text) {
  const auto parsed = ParseHttpTemplate(text);
  if (!parsed.ok()) return;
  FUZZ_CHECK(text.starts_with('/') && !parsed->segments.empty(), text);
  const std::string shape = parsed->Shape();
  const auto again = ParseHttpTemplate(shape);
  FUZZ_CHECK(again.ok(), shape);
  FUZZ_CHECK(again->Shape() == shape, shape + "\n" + again->Shape());
  for (const Variable& variable : parsed->variables)
    FUZZ_CHECK(variable.begin < variable.end && variable.end <= parsed->segments.size(), text);

  pb::DescriptorPool pool(pb::DescriptorPool::generated_pool());
  const auto* service = ServiceOf(std::string(text), &pool);
  if (service == nullptr) return;
  std::vector<std::string> faults;
  const RouteTable table({service}, &faults);
  if (!faults.empty()) return;
  const std::string path = PathOf(*parsed);
  const auto match = table.Find("GET", path);
  FUZZ_CHECK(match.route != nullptr, path);
  FUZZ_CHECK(match.values.size() == parsed->variables.size(), path);
}

}  // namespace
}  // namespace lanting::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = lanting::gateway::Exactly(data, size);
  lanting::gateway::Check(lanting::gateway::View(bytes));
  return 0;
}

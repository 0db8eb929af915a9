// JSON bodies: into every field type, and under a field with an update mask derived.
#include <algorithm>

#include "gateway/fuzz/check.h"

namespace lanting::gateway {
namespace {

template <typename Message>
void Read(std::string_view text, const google::protobuf::FieldDescriptor* field) {
  Message message;
  std::vector<FieldViolation> violations;
  std::vector<std::string> mask;
  if (const auto malformed = ReadJson({text, &message, field, field ? &mask : nullptr}, &violations))
    return CheckRefusal(*malformed);
  FUZZ_CHECK(violations.size() <= kMaxViolations, "");
  if (!violations.empty()) return CheckRefusal(errors::InvalidFields(std::move(violations)));
  CheckRoundTrip(message);
  FUZZ_CHECK(std::is_sorted(mask.begin(), mask.end()), "");
  FUZZ_CHECK(std::adjacent_find(mask.begin(), mask.end()) == mask.end(), "a path twice");
}

}  // namespace
}  // namespace lanting::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lanting::gateway;
  using namespace lanting::testing::v1;
  const auto bytes = Exactly(data, size);
  Read<Kinds>(View(bytes), nullptr);
  Read<EchoRequest>(View(bytes), nullptr);
  Read<EchoRequest>(View(bytes), EchoRequest::descriptor()->FindFieldByName("thing"));
  Read<google::protobuf::Value>(View(bytes), nullptr);
  return 0;
}

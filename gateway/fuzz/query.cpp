// Query strings into every field type.
#include "gateway/fuzz/check.h"
#include "gateway/transcode/query_binder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lanting::gateway;
  const auto bytes = Exactly(data, size);
  for (const auto& [method, path] :
       {std::pair{"GET", "/v1/echo"}, {"GET", "/v1/things/a"}, {"POST", "/v1/shelves/a/things"}}) {
    lanting::testing::v1::EchoRequest request;
    std::vector<lanting::FieldViolation> violations;
    BindQuery(*EchoRoutes().Find(method, path).route, View(bytes), &request, &violations);
    FUZZ_CHECK(violations.size() <= kMaxViolations, "");
    if (violations.empty())
      CheckRoundTrip(request);
    else
      CheckRefusal(lanting::errors::InvalidFields(std::move(violations)));
  }
  return 0;
}

// Request paths: which route, and what its variables bind.
#include "gateway/fuzz/check.h"
#include "gateway/transcode/percent.h"
#include "gateway/transcode/request_binder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lanting::gateway;
  const auto bytes = Exactly(data, size);
  const std::string_view path = View(bytes);
  for (const char* method : {"GET", "POST", "PATCH", "DELETE", "PUT"}) {
    const auto match = EchoRoutes().Find(method, path);
    if (match.route == nullptr) {
      FUZZ_CHECK(!match.allow.contains(method), method);
      continue;
    }
    FUZZ_CHECK(path.starts_with('/'), path);
    FUZZ_CHECK(match.values.size() == match.route->bindings.size(), match.route->text);
    for (std::size_t i = 0; i < match.values.size(); ++i) {
      const auto& variable = match.route->bindings[i].variable;
      FUZZ_CHECK(path.find(match.values[i]) != path.npos, match.values[i]);
      FUZZ_CHECK(variable.multi || match.values[i].find('/') == path.npos, match.values[i]);
    }
    const auto bound = BindRequest(match, "", {.method = method, .target = std::string(path)});
    if (!bound.ok())
      CheckRefusal(bound.error());
    else
      CheckRoundTrip(static_cast<const lanting::testing::v1::EchoRequest&>(**bound));
  }
  return 0;
}

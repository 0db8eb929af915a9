#include "gateway/transcode/stream_format.h"

#include "gateway/transcode/well_known.h"
#include "platform/base/strings.h"
#include "platform/http/wire.h"

namespace lanting::gateway {
namespace {

// The weight that an Accept header gives to a media type by its full name; 0: not at all (RFC 9110 section 12.5.1).
double Weight(std::string_view accept, std::string_view type) {
  double best = 0;
  for (std::string_view range : Split(accept, ',')) {
    const auto parts = Split(range, ';');
    if (!http::EqualsIgnoreCase(Trim(parts[0]), type)) continue;
    double weight = 1;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string_view parameter = Trim(parts[i]);
      if (http::EqualsIgnoreCase(parameter.substr(0, 2), "q=") && !ParseDouble(parameter.substr(2), &weight))
        weight = 0;
    }
    best = std::max(best, weight);
  }
  return best;
}

}  // namespace

StreamFormat::StreamFormat(std::string_view accept)
    : events_(Weight(accept, "text/event-stream") > Weight(accept, "application/x-ndjson")) {}

std::string StreamFormat::Message(std::string_view json) const {
  std::string out;
  out.reserve(json.size() + 16);
  out.append(events_ ? "data: " : "{\"result\":").append(json).append(events_ ? "\n\n" : "}\n");
  return out;
}

std::string StreamFormat::Fault(std::string_view body) const {
  return events_ ? "event: error\ndata: " + std::string(body) + "\n\n" : std::string(body) + "\n";
}

}  // namespace lanting::gateway

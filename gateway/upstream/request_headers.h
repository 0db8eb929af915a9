// The header fields of a gRPC request, as nghttp2 takes them. Internal.
#pragma once

#include <nghttp2/nghttp2.h>

#include <string>
#include <vector>

#include "gateway/upstream/call.h"

namespace lanting::gateway::detail {

class RequestHeaders {
 public:
  // Views into `call`; `authority` must live as long as the session.
  RequestHeaders(const Call& call, const std::string& authority);

  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }

 private:
  void Add(std::string_view name, std::string_view value, int flags);
  void AddMetadata(const Metadata& metadata);

  std::vector<nghttp2_nv> fields_;
  std::vector<std::string> encoded_;  // of "-bin" names
  std::string timeout_;
};

}  // namespace lanting::gateway::detail

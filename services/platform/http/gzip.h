// gzip (RFC 1952) for bodies, over zlib. Internal to the server.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "platform/http/server.h"

struct z_stream_s;

namespace lanting::http {

// Unpacks one body as it arrives.
class Inflater {
 public:
  enum class Status {
    kOk,
    kMalformed,  // not gzip, or something follows its end
    kTooLarge,   // unpacks to more than max_bytes, or to more than any honest text does
  };
  static constexpr std::size_t kMemory = 48 * 1024;  // what it takes beside the body

  explicit Inflater(std::size_t max_bytes);
  ~Inflater();

  // Appends what `packed` unpacks to.
  Status Feed(std::string_view packed, std::string* body);
  // Whether the body may end here: nothing came, or all of it.
  bool whole() const { return packed_ == 0 || ended_; }

 private:
  const std::size_t max_bytes_;
  std::size_t packed_ = 0;
  bool ended_ = false;
  std::unique_ptr<z_stream_s> z_;
};

// Packs a body that is made piece by piece, so that each piece can be unpacked when it has arrived.
class Deflater {
 public:
  explicit Deflater(int level);
  ~Deflater();
  std::string Piece(std::string_view piece);
  std::string End();

 private:
  std::string Run(std::string_view piece, int flush);
  std::unique_ptr<z_stream_s> z_;
};

// Whether a request's Accept-Encoding headers allow gzip (RFC 9110 section 12.5.3).
class AcceptsGzip {
 public:
  void Add(std::string_view header);
  explicit operator bool() const { return gzip_ != kNotNamed ? gzip_ == kYes : any_ == kYes; }

 private:
  enum Said : char { kNotNamed, kNo, kYes };
  Said gzip_ = kNotNamed;
  Said any_ = kNotNamed;
};

// Packs the body if that is worth it and the client accepts it, and says so in the headers. The etag stays: it names
// the state of the resource (AIP-154), which the client sends back in If-Match, and not the bytes of this message.
void PackBody(Response* response, AcceptsGzip accepts, int level);
// The same for a body that is still to be made; null: it is sent as it is.
std::unique_ptr<Deflater> PackStream(Response* head, AcceptsGzip accepts, int level);

}  // namespace lanting::http

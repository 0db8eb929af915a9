#include "platform/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "platform/base/strings.h"
#include "platform/http/wire.h"

namespace lanting::http {
namespace {

constexpr int kGzip = 16;  // added to zlib's window bits: gzip's header and trailer
constexpr std::size_t kMinPackedBytes = 1024;
// Text packs to a tenth, seldom to a fiftieth; zeros to a thousandth.
constexpr std::size_t kMaxRatio = 100;
constexpr std::size_t kAnyRatioBytes = 1024 * 1024;  // up to here any ratio is allowed
constexpr std::size_t kScratchBytes = 32 * 1024;

char* Scratch() {
  thread_local const auto scratch = std::make_unique<char[]>(kScratchBytes);
  return scratch.get();
}

void SetInput(z_stream* z, std::string_view text) {
  z->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z->avail_in = static_cast<uInt>(text.size());
}

// 36 KiB: streams may be many and last long.
constexpr int kStreamWindowBits = 12, kStreamMemory = 5;
// 264 KiB, one per thread.
constexpr int kBodyWindowBits = 15, kBodyMemory = 8;

void Begin(z_stream* z, int level, int window_bits, int memory) {
  if (deflateInit2(z, level, Z_DEFLATED, window_bits + kGzip, memory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

// The packer of this thread, ready for a new body.
z_stream* BodyPacker(int level) {
  struct Packer {
    z_stream z{};
    int level = 0;  // not begun
    ~Packer() {
      if (level != 0) deflateEnd(&z);
    }
  };
  thread_local Packer packer;
  if (packer.level == level) {
    deflateReset(&packer.z);
    return &packer.z;
  }
  if (packer.level != 0) deflateEnd(&packer.z);
  packer.level = 0;
  packer.z = {};
  Begin(&packer.z, level, kBodyWindowBits, kBodyMemory);
  packer.level = level;
  return &packer.z;
}

// Empty if it does not get smaller.
std::string Pack(std::string_view body, int level) {
  z_stream* z = BodyPacker(level);
  SetInput(z, body);
  std::string packed(body.size() / 2, '\0');
  std::size_t size = 0;
  for (;;) {
    z->next_out = reinterpret_cast<Bytef*>(packed.data() + size);
    z->avail_out = static_cast<uInt>(packed.size() - size);
    const int result = deflate(z, Z_FINISH);
    size = packed.size() - z->avail_out;
    if (result == Z_STREAM_END) break;
    if (packed.size() == body.size()) return {};
    packed.resize(body.size());
  }
  packed.resize(size);
  return packed;
}

bool IsText(std::string_view content_type) {
  content_type = Trim(content_type.substr(0, content_type.find(';')));
  if (EqualsIgnoreCase(content_type.substr(0, 5), "text/")) return true;
  for (const std::string_view suffix : {"+json", "+xml", "/json", "/xml", "/javascript", "/x-ndjson", "/yaml"}) {
    if (content_type.size() > suffix.size() &&
        EqualsIgnoreCase(content_type.substr(content_type.size() - suffix.size()), suffix))
      return true;
  }
  return false;
}

// Whether a response may be packed, if the client accepts it; those depend on Accept-Encoding.
bool IsPackable(const Response& response) {
  if (!HasBody(response.status) || response.status == 206 || !IsText(response.content_type)) return false;
  for (const auto& [name, value] : response.headers) {
    if (EqualsIgnoreCase(name, "Content-Encoding") || EqualsIgnoreCase(name, "Content-Range")) return false;
    if (EqualsIgnoreCase(name, "Cache-Control") && value.find("no-transform") != std::string::npos) return false;
  }
  return true;
}

}  // namespace

Inflater::Inflater(std::size_t max_bytes) : max_bytes_(max_bytes), z_(std::make_unique<z_stream>()) {
  if (inflateInit2(z_.get(), MAX_WBITS + kGzip) != Z_OK) throw std::bad_alloc();
}
Inflater::~Inflater() { inflateEnd(z_.get()); }

Inflater::Status Inflater::Feed(std::string_view packed, std::string* body) {
  if (packed.empty()) return Status::kOk;
  if (ended_) return Status::kMalformed;
  packed_ += packed.size();
  SetInput(z_.get(), packed);
  do {
    z_->next_out = reinterpret_cast<Bytef*>(Scratch());
    z_->avail_out = kScratchBytes;
    const int result = inflate(z_.get(), Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return Status::kMalformed;
    const std::size_t more = kScratchBytes - z_->avail_out;
    const std::size_t size = body->size() + more;
    if (size > max_bytes_ || (size > kAnyRatioBytes && size / kMaxRatio > packed_)) return Status::kTooLarge;
    body->append(Scratch(), more);
    ended_ = result == Z_STREAM_END;
  } while (!ended_ && z_->avail_out == 0);
  return ended_ && z_->avail_in > 0 ? Status::kMalformed : Status::kOk;
}

Deflater::Deflater(int level) : z_(std::make_unique<z_stream>()) {
  Begin(z_.get(), level, kStreamWindowBits, kStreamMemory);
}
Deflater::~Deflater() { deflateEnd(z_.get()); }

std::string Deflater::Piece(std::string_view piece) { return piece.empty() ? std::string() : Run(piece, Z_SYNC_FLUSH); }
std::string Deflater::End() { return Run({}, Z_FINISH); }

std::string Deflater::Run(std::string_view piece, int flush) {
  std::string packed;
  SetInput(z_.get(), piece);
  do {
    z_->next_out = reinterpret_cast<Bytef*>(Scratch());
    z_->avail_out = kScratchBytes;
    deflate(z_.get(), flush);
    packed.append(Scratch(), kScratchBytes - z_->avail_out);
  } while (z_->avail_out == 0);
  return packed;
}

void AcceptsGzip::Add(std::string_view header) {
  for (const std::string_view element : Split(header, ',')) {
    const auto semicolon = element.find(';');
    const std::string_view coding = Trim(element.substr(0, semicolon));
    Said said = kYes;
    if (semicolon != std::string_view::npos) {
      const std::string_view weight = Trim(element.substr(semicolon + 1));
      // q=0, q=0.0, q=0.000: not wanted.
      if (EqualsIgnoreCase(weight.substr(0, 2), "q=") && weight.find_first_not_of("0.", 2) == std::string_view::npos)
        said = kNo;
    }
    if (EqualsIgnoreCase(coding, "gzip") || EqualsIgnoreCase(coding, "x-gzip")) gzip_ = said;
    if (coding == "*") any_ = said;
  }
}

void PackBody(Response* response, AcceptsGzip accepts, int level) {
  if (level == 0 || response->body.size() < kMinPackedBytes || !IsPackable(*response)) return;
  response->headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts) return;
  std::string packed = Pack(response->body, level);
  if (packed.empty()) return;
  response->body = std::move(packed);
  response->headers.emplace_back("Content-Encoding", "gzip");
}

std::unique_ptr<Deflater> PackStream(Response* head, AcceptsGzip accepts, int level) {
  if (level == 0 || !IsPackable(*head)) return nullptr;
  head->headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts) return nullptr;
  head->headers.emplace_back("Content-Encoding", "gzip");
  return std::make_unique<Deflater>(level);
}

}  // namespace lanting::http

// The tokens of one JSON object, kept to be gone through again: an Any can only be filled once its "@type" is known,
// wherever that stands.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/transcode/field_parse.h"

namespace lanting::gateway {

// More tokens than this are not kept.
inline constexpr std::size_t kMaxTapeTokens = 200'000;

struct JsonToken {
  enum Kind : std::uint8_t { kObject, kList, kEnd, kKey, kScalar, kNull } kind;
  Origin origin{};          // kScalar
  std::uint32_t at = 0;     // offset in the text
  std::uint32_t next = 0;   // kObject, kList: index of the token after its end
  std::string_view text{};  // kKey, kScalar
};

// Records from Start() until the object that has begun then ends.
class JsonTape {
 public:
  bool recording() const { return recording_; }
  void Start() {
    tokens_.clear();
    texts_.clear();
    open_.clear();
    recording_ = true;
    overflow_ = false;
    depth_ = 1;
  }
  // False once the object is complete. `token.text` may go afterwards.
  bool Take(JsonToken token) {
    if (token.kind == JsonToken::kEnd) {
      if (--depth_ == 0) return recording_ = false;
    } else if (token.kind <= JsonToken::kList) {
      ++depth_;
    }
    if (overflow_ || (overflow_ = tokens_.size() == kMaxTapeTokens)) return true;
    if (token.kind == JsonToken::kEnd) {
      tokens_[open_.back()].next = static_cast<std::uint32_t>(tokens_.size() + 1);
      open_.pop_back();
    } else if (token.kind <= JsonToken::kList) {
      open_.push_back(static_cast<std::uint32_t>(tokens_.size()));
    }
    if (!token.text.empty()) token.text = texts_.emplace_back(token.text);
    tokens_.push_back(token);
    return true;
  }
  bool overflow() const { return overflow_; }

  std::size_t size() const { return tokens_.size(); }
  const JsonToken& operator[](std::size_t i) const { return tokens_[i]; }
  // The index after the value that begins at `i`.
  std::size_t After(std::size_t i) const { return tokens_[i].kind <= JsonToken::kList ? tokens_[i].next : i + 1; }

 private:
  bool recording_ = false, overflow_ = false;
  std::size_t depth_ = 0;
  std::vector<JsonToken> tokens_;
  std::deque<std::string> texts_;
  std::vector<std::uint32_t> open_;  // begun, not ended
};

}  // namespace lanting::gateway

// The bytes of a file as UTF-8, piece by piece: UTF-8 and UTF-16 are told by their byte order marks; without one, the
// first 64 KiB from the first byte beyond ASCII decide between UTF-8 and GB18030 (whose part GBK is what a Chinese
// Excel writes). A byte order mark is dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lanting::membership {

// Numbers of lanting.membership.v1.TextEncoding.
enum class Encoding : std::int16_t { kAuto = 0, kUtf8 = 1, kUtf16 = 2, kGb18030 = 3 };

// Never fails: for every byte that is no text in the encoding it writes kNoText, which is no UTF-8 either, so that
// the fault is found in the row where it stands. What it writes does not depend on how the file was cut into pieces.
class TextDecoder {
 public:
  static constexpr char kNoText = '\xff';

  explicit TextDecoder(Encoding encoding = Encoding::kAuto);
  ~TextDecoder();
  TextDecoder(TextDecoder&&) noexcept;

  // Appends to `out`.
  void Feed(std::string_view bytes, std::string& out);
  void End(std::string& out);
  // kAuto while all that was read is ASCII.
  Encoding encoding() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lanting::membership

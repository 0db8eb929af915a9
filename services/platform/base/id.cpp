#include "platform/base/id.h"

#include <sys/random.h>

#include <cstdlib>
#include <mutex>

namespace lanting {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

constexpr std::array<std::int8_t, 256> MakeReverse() {
  std::array<std::int8_t, 256> r{};
  for (auto& v : r) v = -1;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    r[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return r;
}
constexpr auto kReverse = MakeReverse();

// Two random words, from a buffer that saves a system call for each id.
std::array<std::uint64_t, 2> RandomWords() {
  constexpr std::size_t kWords = 32;  // 256 bytes: getrandom is never short for that
  thread_local std::array<std::uint64_t, kWords> buffer;
  thread_local std::size_t used = kWords;
  if (used == kWords) {
    if (getrandom(buffer.data(), sizeof buffer, 0) != static_cast<ssize_t>(sizeof buffer)) std::abort();
    used = 0;
  }
  used += 2;
  return {buffer[used - 2], buffer[used - 1]};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Id Id::New() { return New(Clock::System().Now()); }

Id Id::New(Time now) {
  // The 74 bits after the timestamp are a counter that starts at a random value each millisecond and grows by a
  // random step, so that ids of one process sort in the order they were made.
  static std::mutex mutex;
  static std::uint64_t last_ms = 0, hi = 0, lo = 0;  // hi: 12 bits (rand_a), lo: 62 bits (rand_b)
  auto ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  const auto random = RandomWords();
  std::uint64_t out_hi, out_lo;
  {
    std::lock_guard lock(mutex);
    // Threads read the clock before they get here: a step back within a second continues the last millisecond.
    if (ms < last_ms && last_ms - ms < 1000) ms = last_ms;
    if (ms != last_ms) {
      last_ms = ms;
      hi = random[0] & 0x7ff;  // top bit clear: room to count
      lo = random[1] >> 2;
    } else {
      lo += (random[1] & 0xffffffff) + 1;
      if (lo >> 62) {
        lo &= (1ull << 62) - 1;
        hi = (hi + 1) & 0xfff;
      }
    }
    out_hi = hi;
    out_lo = lo;
  }
  Id id;
  for (int i = 0; i < 6; ++i) id.bytes_[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes_[6] = static_cast<std::uint8_t>(0x70 | out_hi >> 8);
  id.bytes_[7] = static_cast<std::uint8_t>(out_hi);
  for (int i = 0; i < 8; ++i) id.bytes_[8 + i] = static_cast<std::uint8_t>(out_lo >> (56 - 8 * i));
  id.bytes_[8] = static_cast<std::uint8_t>((id.bytes_[8] & 0x3f) | 0x80);
  return id;
}

std::optional<Id> Id::Parse(std::string_view text) {
  if (text.size() != 26 || text[0] > '7') return std::nullopt;
  // 26 * 5 = 130 bits; the first two are zero.
  Id id;
  unsigned buffer = 0;
  int bits = -2;
  std::size_t out = 0;
  for (char c : text) {
    int v = kReverse[static_cast<unsigned char>(c)];
    if (v < 0) return std::nullopt;
    buffer = buffer << 5 | static_cast<unsigned>(v);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      id.bytes_[out++] = static_cast<std::uint8_t>(buffer >> bits);
    }
  }
  return id;
}

std::string Id::ToString() const {
  std::string s(26, '0');
  unsigned buffer = 0;
  int bits = 2;  // two leading zero bits
  std::size_t out = 0;
  for (std::uint8_t b : bytes_) {
    buffer = buffer << 8 | b;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      s[out++] = kAlphabet[buffer >> bits & 31];
    }
  }
  return s;
}

std::optional<Id> Id::ParseUuid(std::string_view hex) {
  if (hex.size() != 36) return std::nullopt;
  Id id;
  std::size_t out = 0;
  for (std::size_t i = 0; i < 36;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (hex[i++] != '-') return std::nullopt;
      continue;
    }
    int a = HexDigit(hex[i]), b = HexDigit(hex[i + 1]);
    if (a < 0 || b < 0) return std::nullopt;
    id.bytes_[out++] = static_cast<std::uint8_t>(a << 4 | b);
    i += 2;
  }
  return id;
}

std::string Id::ToUuid() const {
  static constexpr char kHex[] = "0123456789abcdef";
  char text[36];
  char* at = text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = kHex[bytes_[i] >> 4];
    *at++ = kHex[bytes_[i] & 15];
  }
  return std::string(text, sizeof text);
}

}  // namespace lanting

#include "membership/domain/text_decoder.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>

namespace lanting::membership {
namespace {

constexpr std::size_t kWindow = 64 * 1024;
constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf", kUtf16LeMark = "\xff\xfe", kUtf16BeMark = "\xfe\xff";

std::uint8_t At(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }
bool In(std::uint8_t byte, std::uint8_t from, std::uint8_t to) { return byte >= from && byte <= to; }

// How much of a text is of an encoding: characters beyond ASCII that are, bytes that are not.
struct Fit {
  std::size_t good = 0, bad = 0;
};

// `length(text, i)`: of the character at i, 0 if it is none, npos if the text ends within it.
template <typename Length>
Fit Measure(std::string_view text, bool whole, const Length& length) {
  Fit fit;
  for (std::size_t i = 0; i < text.size();) {
    if (At(text, i) < 0x80) {
      ++i;
      continue;
    }
    const std::size_t n = length(text, i);
    if (n == std::string_view::npos) {
      fit.bad += whole;
      break;
    }
    n == 0 ? ++fit.bad : ++fit.good;
    i += std::max<std::size_t>(n, 1);
  }
  return fit;
}

std::size_t Utf8CharLength(std::string_view text, std::size_t i) {
  const auto lead = At(text, i);
  const std::size_t n = In(lead, 0xc2, 0xdf) ? 2 : In(lead, 0xe0, 0xef) ? 3 : In(lead, 0xf0, 0xf4) ? 4 : 0;
  for (std::size_t k = 1; k < n; ++k) {
    if (i + k == text.size()) return std::string_view::npos;
    if (!In(At(text, i + k), 0x80, 0xbf)) return 0;
  }
  return n;
}

std::size_t Gb18030CharLength(std::string_view text, std::size_t i) {
  if (!In(At(text, i), 0x81, 0xfe)) return 0;
  if (i + 1 == text.size()) return std::string_view::npos;
  const auto second = At(text, i + 1);
  if (In(second, 0x40, 0xfe) && second != 0x7f) return 2;
  if (!In(second, 0x30, 0x39)) return 0;
  if (i + 3 >= text.size()) return std::string_view::npos;
  return In(At(text, i + 2), 0x81, 0xfe) && In(At(text, i + 3), 0x30, 0x39) ? 4 : 0;
}

// A few broken rows do not make a file another encoding's.
Encoding Guess(std::string_view window, bool whole) {
  const Fit utf8 = Measure(window, whole, Utf8CharLength);
  if (utf8.bad == 0 || utf8.good > utf8.bad) return Encoding::kUtf8;
  const Fit gb = Measure(window, whole, Gb18030CharLength);
  return gb.bad < utf8.bad && gb.good > 0 ? Encoding::kGb18030 : Encoding::kUtf8;
}

void AppendUtf8(std::uint32_t c, std::string& out) {
  auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xe0 | c >> 12);
    } else {
      put(0xf0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3f));
    }
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

}  // namespace

struct TextDecoder::State {
  Encoding wanted;
  Encoding found = Encoding::kAuto;
  bool marked = false;  // the byte order mark was looked for
  bool big_endian = false;
  std::string rest;  // not written yet
  iconv_t converter = reinterpret_cast<iconv_t>(-1);

  explicit State(Encoding encoding) : wanted(encoding) {}
  ~State() {
    if (converter != reinterpret_cast<iconv_t>(-1)) iconv_close(converter);
  }

  void Run(bool end, std::string& out) {
    if (!marked && !FindMark(end)) return;
    if (found == Encoding::kAuto && !Decide(end, out)) return;
    switch (found) {
      case Encoding::kUtf16:
        return Utf16(end, out);
      case Encoding::kGb18030:
        return Gb18030(end, out);
      default:
        out += rest;
        rest.clear();
    }
  }

  bool FindMark(bool end) {
    if (rest.size() < kUtf8Mark.size() && !end) return false;
    marked = true;
    found = wanted;
    const bool may_be_16 = wanted == Encoding::kAuto || wanted == Encoding::kUtf16;
    if (wanted != Encoding::kUtf16 && wanted != Encoding::kGb18030 && rest.starts_with(kUtf8Mark)) {
      found = Encoding::kUtf8;
      rest.erase(0, kUtf8Mark.size());
    } else if (may_be_16 && (rest.starts_with(kUtf16LeMark) || rest.starts_with(kUtf16BeMark))) {
      found = Encoding::kUtf16;
      big_endian = rest.starts_with(kUtf16BeMark);
      rest.erase(0, kUtf16LeMark.size());
    }
    return true;
  }

  bool Decide(bool end, std::string& out) {
    const auto beyond = std::find_if(rest.begin(), rest.end(), [](char c) { return c < 0; });
    out.append(rest.begin(), beyond);
    rest.erase(rest.begin(), beyond);
    if (rest.empty() || (rest.size() < kWindow && !end)) return false;
    const auto window = std::string_view(rest).substr(0, kWindow);
    found = Guess(window, end && rest.size() <= kWindow);
    return true;
  }

  void Utf16(bool end, std::string& out) {
    const auto unit = [&](std::size_t i) -> std::uint32_t {
      const std::uint32_t a = At(rest, i), b = At(rest, i + 1);
      return big_endian ? a << 8 | b : b << 8 | a;
    };
    std::size_t i = 0;
    while (i + 2 <= rest.size()) {
      const auto first = unit(i);
      const bool high = first >= 0xd800 && first < 0xdc00, low = first >= 0xdc00 && first < 0xe000;
      if (high && i + 4 > rest.size() && !end) break;
      const std::uint32_t second = high && i + 4 <= rest.size() ? unit(i + 2) : 0;
      if (high && second >= 0xdc00 && second < 0xe000) {
        AppendUtf8(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), out);
        i += 4;
        continue;
      }
      high || low ? out.push_back(kNoText) : AppendUtf8(first, out);
      i += 2;
    }
    rest.erase(0, i);
    if (end && !rest.empty()) out.push_back(kNoText);
    if (end) rest.clear();
  }

  void Gb18030(bool end, std::string& out) {
    if (converter == reinterpret_cast<iconv_t>(-1)) converter = iconv_open("UTF-8", "GB18030");
    const bool usable = converter != reinterpret_cast<iconv_t>(-1);
    char* in = rest.data();
    std::size_t left = rest.size();
    char buffer[16 * 1024];
    while (left > 0) {
      char* to = buffer;
      std::size_t room = sizeof buffer;
      const auto done = usable ? iconv(converter, &in, &left, &to, &room) : static_cast<std::size_t>(-1);
      out.append(buffer, static_cast<std::size_t>(to - buffer));
      if (done != static_cast<std::size_t>(-1) || (usable && errno == E2BIG)) continue;
      if (usable && errno == EINVAL && !end) break;  // cut within a character
      out.push_back(*in >= 0 ? *in : kNoText);
      ++in;
      --left;
    }
    rest.erase(0, rest.size() - left);
  }
};

TextDecoder::TextDecoder(Encoding encoding) : state_(std::make_unique<State>(encoding)) {}
TextDecoder::~TextDecoder() = default;
TextDecoder::TextDecoder(TextDecoder&&) noexcept = default;

void TextDecoder::Feed(std::string_view bytes, std::string& out) {
  state_->rest += bytes;
  state_->Run(false, out);
}

void TextDecoder::End(std::string& out) { state_->Run(true, out); }

Encoding TextDecoder::encoding() const { return state_->found; }

}  // namespace lanting::membership

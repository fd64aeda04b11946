#include "core/utf8.h"

#include <cstdint>

namespace flashhead {

std::optional<size_t> Utf8Characters(std::string_view text) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++characters) {
    const auto first = static_cast<uint8_t>(text[i]);
    const size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    uint32_t point = length == 1 ? first : first & (0x7Fu >> length);
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      if ((next & 0xC0) != 0x80) return std::nullopt;
      point = point << 6 | (next & 0x3F);
    }
    const bool too_long_a_form = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (too_long_a_form || (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF) return std::nullopt;
    i += length;
  }
  return characters;
}

}  // namespace flashhead

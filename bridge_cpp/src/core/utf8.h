#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace flashhead {

// How many characters a text has; nothing when it is not UTF-8 (RFC 3629: no surrogates, no longer form than needed).
std::optional<size_t> Utf8Characters(std::string_view text);

}  // namespace flashhead

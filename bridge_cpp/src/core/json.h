#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace flashhead {

// The map of a discovery file: texts and whole numbers, nothing in each other.
struct FlatJson {
  std::map<std::string, std::string> texts;
  std::map<std::string, uint64_t> numbers;

  std::string Text(const std::string& name) const;    // "" when it is missing
  uint32_t Number(const std::string& name) const;     // 0 when it is missing or too large
};

// Nothing when the text is anything else.
std::optional<FlatJson> ParseFlatJson(const std::string& text);

}  // namespace flashhead

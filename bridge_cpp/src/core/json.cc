#include "core/json.h"

#include <cstdlib>

namespace flashhead {
namespace {

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  std::optional<FlatJson> Map() {
    FlatJson map;
    if (!Take('{')) return std::nullopt;
    for (bool first = true; !Take('}'); first = false) {
      if (!first && !Take(',')) return std::nullopt;
      const auto name = String();
      if (!name || !Take(':')) return std::nullopt;
      if (Peek() == '"') {
        const auto value = String();
        if (!value) return std::nullopt;
        map.texts[*name] = *value;
      } else {
        const auto value = Number();
        if (!value) return std::nullopt;
        map.numbers[*name] = *value;
      }
    }
    return Peek() == '\0' ? std::optional(map) : std::nullopt;
  }

 private:
  char Peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool Take(char wanted) {
    if (Peek() != wanted) return false;
    ++at_;
    return true;
  }

  std::optional<std::string> String() {
    if (!Take('"')) return std::nullopt;
    std::string value;
    while (at_ < text_.size()) {
      const char next = text_[at_++];
      if (next == '"') return value;
      if (next != '\\') {
        value += next;
      } else if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\\' || text_[at_] == '/')) {
        value += text_[at_++];
      } else {
        return std::nullopt;  // the worker writes UTF-8 as it is
      }
    }
    return std::nullopt;
  }

  std::optional<uint64_t> Number() {
    Peek();
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    if (at_ == begin || at_ - begin > 18) return std::nullopt;
    return std::strtoull(text_.substr(begin, at_ - begin).c_str(), nullptr, 10);
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

std::string FlatJson::Text(const std::string& name) const {
  const auto found = texts.find(name);
  return found == texts.end() ? "" : found->second;
}

uint32_t FlatJson::Number(const std::string& name) const {
  const auto found = numbers.find(name);
  return found == numbers.end() || found->second > UINT32_MAX ? 0 : static_cast<uint32_t>(found->second);
}

std::optional<FlatJson> ParseFlatJson(const std::string& text) { return Parser(text).Map(); }

}  // namespace flashhead

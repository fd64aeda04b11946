#include "core/json.h"

#include <jansson.h>

#include <memory>

namespace flashhead {
namespace {

struct Release {
  void operator()(json_t* value) const { json_decref(value); }
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

std::optional<FlatJson> ParseFlatJson(const std::string& text) {
  const std::unique_ptr<json_t, Release> read(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
  if (!json_is_object(read.get())) return std::nullopt;
  FlatJson map;
  const char* name;
  json_t* value;
  json_object_foreach(read.get(), name, value) {
    if (json_is_string(value)) {
      map.texts[name].assign(json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value) && json_integer_value(value) >= 0) {
      map.numbers[name] = static_cast<uint64_t>(json_integer_value(value));
    } else {
      return std::nullopt;
    }
  }
  return map;
}

}  // namespace flashhead

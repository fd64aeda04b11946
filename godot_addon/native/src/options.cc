#include "options.h"

#include <algorithm>

namespace flashhead_godot {

bool Options::Done() {
  values_.EachKey([this](const std::string& key) {
    if (std::find(names_.begin(), names_.end(), key) != names_.end()) return;
    std::string known;
    for (const std::string& name : names_) known += (known.empty() ? "" : ", ") + name;
    Refuse("there is no option " + key + "; there are: " + known);
  });
  return error_.empty();
}

}  // namespace flashhead_godot

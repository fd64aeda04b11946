#pragma once

#include <cstdint>
#include <string>

namespace flashhead {

// One log for the whole library, since there is one to be asked for it. Any thread; levels as in the C header.
void Log(int32_t level, std::string line);
bool NextLogLine(std::string* line, int32_t* level);

}  // namespace flashhead

#pragma once

#include <string>

namespace flashhead {

// A program named flashhead-worker lies beside a game, its manifest in the same folder. Throws std::runtime_error, in
// words, where that is missing or damaged, or where the worker is of another protocol than this library. Of any other
// program nothing is known.
void CheckManifest(const std::string& program);

}  // namespace flashhead

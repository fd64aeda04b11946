#pragma once

#include <cstdint>

#include "view.h"

namespace flashhead {

// Gives pixels of `picture` (straight alpha) with an alpha of at most `faint` the colour of their neighbours and keeps
// their alpha; the others are copied. At least one pixel must be seen. `out` has the same shape.
void Bleed(View<const uint32_t> picture, uint32_t faint, View<uint32_t> out);

}  // namespace flashhead

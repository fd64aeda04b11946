#pragma once

#include <cstdint>

#include "view.h"

namespace flashhead {

// Premultiplied pixels over premultiplied ones.
void Over(View<const uint32_t> above, View<uint32_t> below);

// The same, with `above` faded by an opacity of 0..1 for every pixel.
void OverFaded(View<const uint32_t> above, View<const float> opacity, View<uint32_t> below);

// Mixes premultiplied pixels into a frame with straight alpha, by an opacity of 0..1 for every pixel. With
// `keep_alpha` the frame's silhouette stays; transparent pixels keep their colour.
void Put(View<const uint32_t> drawn, View<const float> opacity, bool keep_alpha, View<uint32_t> frame);

}  // namespace flashhead

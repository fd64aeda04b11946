#include <cstddef>

#include "flashhead_bridge.h"

namespace {

// flashhead_engine/blendshapes/arkit.py and visemes.py; the tests compare them.
constexpr const char* kWeights[] = {
    "eyeBlinkLeft",      "eyeLookDownLeft",    "eyeLookInLeft",     "eyeLookOutLeft",      "eyeLookUpLeft",
    "eyeSquintLeft",     "eyeWideLeft",        "eyeBlinkRight",     "eyeLookDownRight",    "eyeLookInRight",
    "eyeLookOutRight",   "eyeLookUpRight",     "eyeSquintRight",    "eyeWideRight",        "jawForward",
    "jawLeft",           "jawRight",           "jawOpen",           "mouthClose",          "mouthFunnel",
    "mouthPucker",       "mouthLeft",          "mouthRight",        "mouthSmileLeft",      "mouthSmileRight",
    "mouthFrownLeft",    "mouthFrownRight",    "mouthDimpleLeft",   "mouthDimpleRight",    "mouthStretchLeft",
    "mouthStretchRight", "mouthRollLower",     "mouthRollUpper",    "mouthShrugLower",     "mouthShrugUpper",
    "mouthPressLeft",    "mouthPressRight",    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft",       "browDownRight",     "browInnerUp",         "browOuterUpLeft",
    "browOuterUpRight",  "cheekPuff",          "cheekSquintLeft",   "cheekSquintRight",    "noseSneerLeft",
    "noseSneerRight",    "tongueOut"};
constexpr const char* kVisemes[] = {"sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS",
                                    "nn",  "RR", "aa", "E",  "ih", "oh", "ou"};

static_assert(sizeof kWeights / sizeof *kWeights == 52);
static_assert(sizeof kVisemes / sizeof *kVisemes == 15);

}  // namespace

extern "C" {

const char* flashhead_weight_name(uint32_t index) { return index < 52 ? kWeights[index] : nullptr; }

const char* flashhead_viseme_name(uint32_t index) { return index < 15 ? kVisemes[index] : nullptr; }

const char* flashhead_result_name(flashhead_result result) {
  switch (result) {
    case FLASHHEAD_OK:
      return "ok";
    case FLASHHEAD_NOTHING:
      return "nothing";
    case FLASHHEAD_INVALID_ARGUMENT:
      return "invalid argument";
    case FLASHHEAD_STALE_HANDLE:
      return "stale handle";
    case FLASHHEAD_WRONG_STRUCT_SIZE:
      return "wrong struct size";
    case FLASHHEAD_UNKNOWN_UTTERANCE:
      return "unknown utterance";
    case FLASHHEAD_ENDED:
      return "ended";
    case FLASHHEAD_BUFFER_TOO_SMALL:
      return "buffer too small";
    case FLASHHEAD_BUSY:
      return "busy";
    case FLASHHEAD_NO_MEMORY:
      return "no memory";
    case FLASHHEAD_INTERNAL:
      return "internal fault";
    default:
      return "no result of this library";
  }
}

}  // extern "C"

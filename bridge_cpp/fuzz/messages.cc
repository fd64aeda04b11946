// Whatever bytes come instead of a worker's message: they are decoded or refused, and nothing else happens.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string problem;
  const auto message = flashhead::DecodeFromWorker(data, size, &problem);
  if (message.has_value() != problem.empty()) std::abort();  // refused always with a reason, never otherwise
  return 0;
}

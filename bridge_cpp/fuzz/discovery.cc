// Whatever lies in the file by which a running worker is found: it is read or refused, and nothing else happens.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto fields = flashhead::ParseFlatJson(std::string(reinterpret_cast<const char*>(data), size));
  if (!fields) return 0;
  fields->Number("pid");
  fields->Text("endpoint");
  fields->Text("token");
  return 0;
}

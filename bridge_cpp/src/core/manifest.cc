#include "core/manifest.h"

#include <stdexcept>

#include "core/json.h"
#include "core/messages.h"
#include "platform/process.h"

namespace flashhead {
namespace {

constexpr char kProgram[] = "flashhead-worker";
constexpr uint32_t kFormat = 1;
#ifdef _WIN32
constexpr char kSeparators[] = "/\\";
#else
constexpr char kSeparators[] = "/";
#endif

}  // namespace

void CheckManifest(const std::string& program) {
  const size_t separator = program.find_last_of(kSeparators);
  if (separator == std::string::npos) return;
  const std::string name = program.substr(separator + 1);
  if (name != kProgram && name != std::string(kProgram) + ".exe") return;
  const std::string path = program.substr(0, separator + 1) + kProgram + ".json";
  const auto text = ReadSmallFile(path, Owner::kAnyone);
  if (!text) {
    throw std::runtime_error("there is no worker, or not the whole of it: " + path +
                             " is missing. Copy the worker's folder there");
  }
  const auto manifest = ParseFlatJson(*text);
  if (!manifest) throw std::runtime_error(path + " is damaged. Copy the worker's folder again");
  const uint32_t format = manifest->Number("format"), protocol = manifest->Number("protocol");
  if (format != kFormat || protocol != kProtocol) {
    throw std::runtime_error(path + ": a worker of version " + manifest->Text("version") + ", protocol " +
                             std::to_string(protocol) + "; needed is protocol " + std::to_string(kProtocol) +
                             ". Put the worker of the same version as the game's package there");
  }
}

}  // namespace flashhead

#include "engine.h"

#include "variant.h"

namespace flashhead_godot {

Engine engine;

bool Engine::Load(GDExtensionInterfaceGetProcAddress get, GDExtensionClassLibraryPtr from) {
  get_proc_address = get;
  library = from;
  bool complete = true;
#define FLASHHEAD_GODOT_FUNCTION(type, name)                           \
  name = reinterpret_cast<GDExtensionInterface##type>(get(#name)); \
  complete = complete && name != nullptr;
  FLASHHEAD_GODOT_FUNCTIONS(FLASHHEAD_GODOT_FUNCTION)
#undef FLASHHEAD_GODOT_FUNCTION
  return complete;
}

GDExtensionMethodBindPtr EngineMethod::Bind() {
  if (bind_ == nullptr) {
    bind_ = engine.classdb_get_method_bind(StringName(class_name_).get(), StringName(name_).get(), hash_);
  }
  return bind_;
}

void PrintError(const char* message, const char* function, const char* file, int32_t line) {
  engine.print_error_with_message(message, message, function, file, line, false);
}

}  // namespace flashhead_godot

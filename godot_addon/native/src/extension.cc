// The library's entry: its classes appear and go with the level of Godot at which scenes are loaded.
#include "class.h"
#include "client.h"
#include "doc_classes.h"
#include "reader.h"
#include "texture.h"

#if defined(_WIN32)
#define FLASHHEAD_GODOT_EXPORT __declspec(dllexport)
#else
#define FLASHHEAD_GODOT_EXPORT __attribute__((visibility("default")))
#endif

namespace flashhead_godot {

void PostInitialize(GDExtensionObjectPtr object) {
  static EngineMethod notification("Object", "notification", 4023243586);
  const int64_t post_initialize = 0;  // Object.NOTIFICATION_POSTINITIALIZE
  const GDExtensionBool reversed = false;
  notification(object, nullptr, &post_initialize, &reversed);
}

namespace {

void Initialize(void*, GDExtensionInitializationLevel level) {
  if (level == GDEXTENSION_INITIALIZATION_SCENE) {
    Client::Register();
    Texture::Register();
  }
  if (level == GDEXTENSION_INITIALIZATION_EDITOR) {
    const auto load_help = reinterpret_cast<GDExtensionsInterfaceEditorHelpLoadXmlFromUtf8Chars>(
        engine.get_proc_address("editor_help_load_xml_from_utf8_chars"));
    for (const char* text : kDocClasses) load_help(text);
  }
}

void Deinitialize(void*, GDExtensionInitializationLevel level) {
  if (level != GDEXTENSION_INITIALIZATION_SCENE) return;
  Class<Texture>::Unregister();
  Class<Client>::Unregister();
  // No thread may be left when the library is unloaded.
  TheReader().Stop();
  Client::Shutdown();
}

}  // namespace
}  // namespace flashhead_godot

extern "C" FLASHHEAD_GODOT_EXPORT GDExtensionBool flashhead_godot_init(GDExtensionInterfaceGetProcAddress get_proc_address,
                                                                      GDExtensionClassLibraryPtr library,
                                                                      GDExtensionInitialization* initialization) {
  if (!flashhead_godot::engine.Load(get_proc_address, library)) return false;
  *initialization = {GDEXTENSION_INITIALIZATION_SCENE, nullptr, flashhead_godot::Initialize,
                     flashhead_godot::Deinitialize};
  return true;
}

// Godot's C interface as this library uses it: the functions by their names, none newer than Godot 4.4, and the methods
// of Godot's classes. Nothing else here knows how they are found.
#pragma once

#include <gdextension_interface.h>

#include <cstdint>

namespace flashhead_godot {

#define FLASHHEAD_GODOT_FUNCTIONS(FUNCTION)                                                              \
  FUNCTION(ArrayOperatorIndexConst, array_operator_index_const)                                          \
  FUNCTION(ClassdbConstructObject2, classdb_construct_object2)                                           \
  FUNCTION(ClassdbGetMethodBind, classdb_get_method_bind)                                                \
  FUNCTION(ClassdbRegisterExtensionClass4, classdb_register_extension_class4)                            \
  FUNCTION(ClassdbRegisterExtensionClassIntegerConstant, classdb_register_extension_class_integer_constant) \
  FUNCTION(ClassdbRegisterExtensionClassMethod, classdb_register_extension_class_method)                 \
  FUNCTION(ClassdbRegisterExtensionClassProperty, classdb_register_extension_class_property)             \
  FUNCTION(ClassdbUnregisterExtensionClass, classdb_unregister_extension_class)                          \
  FUNCTION(DictionaryOperatorIndex, dictionary_operator_index)                                           \
  FUNCTION(GetVariantFromTypeConstructor, get_variant_from_type_constructor)                             \
  FUNCTION(GetVariantToTypeConstructor, get_variant_to_type_constructor)                                 \
  FUNCTION(GlobalGetSingleton, global_get_singleton)                                                     \
  FUNCTION(ImagePtrw, image_ptrw)                                                                        \
  FUNCTION(ObjectGetInstanceBinding, object_get_instance_binding)                                        \
  FUNCTION(ObjectMethodBindPtrcall, object_method_bind_ptrcall)                                          \
  FUNCTION(ObjectSetInstance, object_set_instance)                                                       \
  FUNCTION(ObjectSetInstanceBinding, object_set_instance_binding)                                        \
  FUNCTION(PackedByteArrayOperatorIndexConst, packed_byte_array_operator_index_const)                    \
  FUNCTION(PackedFloat32ArrayOperatorIndex, packed_float32_array_operator_index)                         \
  FUNCTION(PackedFloat32ArrayOperatorIndexConst, packed_float32_array_operator_index_const)              \
  FUNCTION(PackedStringArrayOperatorIndex, packed_string_array_operator_index)                           \
  FUNCTION(PackedStringArrayOperatorIndexConst, packed_string_array_operator_index_const)                \
  FUNCTION(PackedVector2ArrayOperatorIndexConst, packed_vector2_array_operator_index_const)              \
  FUNCTION(PrintErrorWithMessage, print_error_with_message)                                              \
  FUNCTION(RefGetObject, ref_get_object)                                                                 \
  FUNCTION(RefSetObject, ref_set_object)                                                                 \
  FUNCTION(StringNameNewWithLatin1Chars, string_name_new_with_latin1_chars)                              \
  FUNCTION(StringNewWithUtf8CharsAndLen, string_new_with_utf8_chars_and_len)                             \
  FUNCTION(StringToUtf8Chars, string_to_utf8_chars)                                                      \
  FUNCTION(VariantCanConvertStrict, variant_can_convert_strict)                                          \
  FUNCTION(VariantDestroy, variant_destroy)                                                              \
  FUNCTION(VariantGetPtrBuiltinMethod, variant_get_ptr_builtin_method)                                   \
  FUNCTION(VariantGetPtrConstructor, variant_get_ptr_constructor)                                        \
  FUNCTION(VariantGetPtrDestructor, variant_get_ptr_destructor)                                          \
  FUNCTION(VariantGetType, variant_get_type)                                                             \
  FUNCTION(VariantGetTypeName, variant_get_type_name)                                                    \
  FUNCTION(VariantNewCopy, variant_new_copy)                                                             \
  FUNCTION(VariantNewNil, variant_new_nil)

struct Engine {
#define FLASHHEAD_GODOT_FUNCTION(type, name) GDExtensionInterface##type name = nullptr;
  FLASHHEAD_GODOT_FUNCTIONS(FLASHHEAD_GODOT_FUNCTION)
#undef FLASHHEAD_GODOT_FUNCTION
  GDExtensionInterfaceGetProcAddress get_proc_address = nullptr;
  GDExtensionClassLibraryPtr library = nullptr;

  // False when this Godot lacks one of the functions.
  bool Load(GDExtensionInterfaceGetProcAddress get_proc_address, GDExtensionClassLibraryPtr library);
};

extern Engine engine;

// A method of one of Godot's own classes, looked up when it is first called. `hash`: its signature's, from
// extension_api.json; Godot keeps the old ones when a signature changes.
class EngineMethod {
 public:
  constexpr EngineMethod(const char* class_name, const char* name, int64_t hash)
      : class_name_(class_name), name_(name), hash_(hash) {}

  // `arguments`: pointers to the values, in Godot's layout.
  template <typename... Arguments>
  void operator()(GDExtensionObjectPtr object, GDExtensionTypePtr result, const Arguments*... arguments) {
    const GDExtensionConstTypePtr list[] = {arguments..., nullptr};
    engine.object_method_bind_ptrcall(Bind(), object, list, result);
  }

 private:
  GDExtensionMethodBindPtr Bind();

  const char* class_name_;
  const char* name_;
  int64_t hash_;
  GDExtensionMethodBindPtr bind_ = nullptr;
};

// Tells a mistake of whoever called, as Godot's own methods do.
void PrintError(const char* message, const char* function, const char* file, int32_t line);
#define FLASHHEAD_PRINT_ERROR(message) ::flashhead_godot::PrintError(message, __func__, __FILE__, __LINE__)

}  // namespace flashhead_godot

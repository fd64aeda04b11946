#include "variant.h"

namespace flashhead_godot {

std::string String::Utf8() const {
  const GDExtensionInt bytes = engine.string_to_utf8_chars(get(), nullptr, 0);
  std::string text(static_cast<size_t>(bytes), '\0');
  engine.string_to_utf8_chars(get(), text.data(), bytes);
  return text;
}

std::string PackedStringArray::At(int64_t index) const {
  return static_cast<const String*>(engine.packed_string_array_operator_index_const(get(), index))->Utf8();
}

void PackedStringArray::Set(int64_t index, std::string_view utf8) {
  *static_cast<String*>(engine.packed_string_array_operator_index(get(), index)) = String(utf8);
}

void Dictionary::Set(std::string_view name, const Variant& value) {
  const Variant key{String(name)};
  *static_cast<Variant*>(engine.dictionary_operator_index(get(), key.get())) = value;
}

bool Dictionary::Has(std::string_view name) const {
  static const auto has = engine.variant_get_ptr_builtin_method(kType, StringName("has").get(), 3680194679);
  const Variant key{String(name)};
  const GDExtensionConstTypePtr arguments[] = {key.get()};
  GDExtensionBool found = false;
  has(const_cast<void*>(get()), arguments, &found, 1);
  return found;
}

Variant Dictionary::Get(std::string_view name) const {
  if (!Has(name)) return Variant();
  const Variant key{String(name)};
  return *static_cast<const Variant*>(engine.dictionary_operator_index(const_cast<void*>(get()), key.get()));
}

std::string TypeName(GDExtensionVariantType type) {
  String name;
  engine.variant_get_type_name(type, name.get());
  return name.Utf8();
}

}  // namespace flashhead_godot

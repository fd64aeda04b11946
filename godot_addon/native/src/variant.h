// Godot's values as C++ values: they are copied and destroyed as C++ does it, and hold what Godot holds in the same
// bytes (of builds with single precision, for 64 bit), so that a pointer to one may be given to Godot and the other
// way round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine.h"

namespace flashhead_godot {

// A value that Godot constructs, copies and destroys.
template <GDExtensionVariantType kId, size_t kBytes>
class Builtin {
 public:
  static constexpr GDExtensionVariantType kType = kId;

  Builtin() { Construct(0, nullptr); }
  Builtin(const Builtin& other) { Construct(1, &other); }
  Builtin& operator=(const Builtin& other) {
    if (this == &other) return *this;
    Destroy();
    Construct(1, &other);
    return *this;
  }
  ~Builtin() { Destroy(); }

  void* get() { return bytes_; }
  const void* get() const { return bytes_; }

 protected:
  struct Uninitialized {};
  explicit Builtin(Uninitialized) {}

  // Calls a method of Godot's class that has no arguments, or one number.
  int64_t Call(const char* name, int64_t hash, const int64_t* argument = nullptr) const;

 private:
  void Construct(int32_t which, const void* argument) {
    static const auto constructors = std::pair(engine.variant_get_ptr_constructor(kId, 0),
                                               engine.variant_get_ptr_constructor(kId, 1));
    const GDExtensionConstTypePtr arguments[] = {argument};
    (which == 0 ? constructors.first : constructors.second)(bytes_, arguments);
  }
  void Destroy() {
    static const auto destructor = engine.variant_get_ptr_destructor(kId);
    destructor(bytes_);
  }

  alignas(8) unsigned char bytes_[kBytes];
};

class String : public Builtin<GDEXTENSION_VARIANT_TYPE_STRING, 8> {
 public:
  String() = default;
  explicit String(std::string_view utf8) : Builtin(Uninitialized()) {
    engine.string_new_with_utf8_chars_and_len(get(), utf8.data(), static_cast<GDExtensionInt>(utf8.size()));
  }
  std::string Utf8() const;
};

class StringName : public Builtin<GDEXTENSION_VARIANT_TYPE_STRING_NAME, 8> {
 public:
  explicit StringName(const char* latin1) : Builtin(Uninitialized()) {
    engine.string_name_new_with_latin1_chars(get(), latin1, false);
  }
};

// What packed arrays have in common.
template <GDExtensionVariantType kId>
class PackedArray : public Builtin<kId, 16> {
 public:
  int64_t size() const { return this->Call("size", 3173160232); }
  void Resize(int64_t size) { this->Call("resize", 848867239, &size); }
};

class PackedByteArray : public PackedArray<GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY> {
 public:
  // The elements; not of an empty one.
  const uint8_t* data() const { return engine.packed_byte_array_operator_index_const(get(), 0); }
};

class PackedFloat32Array : public PackedArray<GDEXTENSION_VARIANT_TYPE_PACKED_FLOAT32_ARRAY> {
 public:
  const float* data() const { return engine.packed_float32_array_operator_index_const(get(), 0); }
  // Copies first when somebody else has this array too.
  float* Writable() { return engine.packed_float32_array_operator_index(get(), 0); }
};

class PackedVector2Array : public PackedArray<GDEXTENSION_VARIANT_TYPE_PACKED_VECTOR2_ARRAY> {
 public:
  const float* data() const {
    return static_cast<const float*>(engine.packed_vector2_array_operator_index_const(get(), 0));
  }
};

class PackedStringArray : public PackedArray<GDEXTENSION_VARIANT_TYPE_PACKED_STRING_ARRAY> {
 public:
  std::string At(int64_t index) const;
  void Set(int64_t index, std::string_view utf8);
};

class Variant;

class Dictionary : public Builtin<GDEXTENSION_VARIANT_TYPE_DICTIONARY, 8> {
 public:
  void Set(std::string_view name, const Variant& value);
  // Nil where it has no such key.
  Variant Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  int64_t size() const { return Call("size", 3173160232); }
  // Every key, as text.
  template <typename Visit>
  void EachKey(Visit visit) const;
};

class Array : public Builtin<GDEXTENSION_VARIANT_TYPE_ARRAY, 8> {
 public:
  int64_t size() const { return Call("size", 3173160232); }
  const Variant& At(int64_t index) const {
    return *static_cast<const Variant*>(engine.array_operator_index_const(const_cast<void*>(get()), index));
  }
};

// How a C++ type looks to Godot: its Variant type, its class where it is an object or an enum, and `Raw`, the type whose
// bytes are those that Godot passes.
template <typename T, typename = void>
struct Type;

template <GDExtensionVariantType kId, typename T, typename R>
struct PlainType {
  static constexpr GDExtensionVariantType kType = kId;
  static constexpr const char* kClass = "";
  using Raw = R;
  static T From(const Raw& raw) { return static_cast<T>(raw); }
  static Raw To(const T& value) { return static_cast<Raw>(value); }
};

template <>
struct Type<bool> : PlainType<GDEXTENSION_VARIANT_TYPE_BOOL, bool, GDExtensionBool> {};
template <>
struct Type<int64_t> : PlainType<GDEXTENSION_VARIANT_TYPE_INT, int64_t, int64_t> {};
template <>
struct Type<double> : PlainType<GDEXTENSION_VARIANT_TYPE_FLOAT, double, double> {};
template <>
struct Type<std::string> {
  static constexpr GDExtensionVariantType kType = GDEXTENSION_VARIANT_TYPE_STRING;
  static constexpr const char* kClass = "";
  using Raw = String;
  static std::string From(const Raw& raw) { return raw.Utf8(); }
  static Raw To(const std::string& value) { return String(value); }
};
template <typename T>
struct Type<T, std::enable_if_t<(T::kType > GDEXTENSION_VARIANT_TYPE_NIL)>> : PlainType<T::kType, T, T> {};
template <>
struct Type<Variant> : PlainType<GDEXTENSION_VARIANT_TYPE_NIL, Variant, Variant> {};

class Variant {
 public:
  Variant() { engine.variant_new_nil(bytes_); }
  Variant(const Variant& other) { engine.variant_new_copy(bytes_, other.bytes_); }
  template <typename T, typename = std::enable_if_t<!std::is_base_of_v<Variant, T>>>
  explicit Variant(const T& value) {
    typename Type<T>::Raw raw = Type<T>::To(value);
    static const auto construct = engine.get_variant_from_type_constructor(Type<T>::kType);
    construct(bytes_, &raw);
  }
  Variant& operator=(const Variant& other) {
    if (this == &other) return *this;
    engine.variant_destroy(bytes_);
    engine.variant_new_copy(bytes_, other.bytes_);
    return *this;
  }
  ~Variant() { engine.variant_destroy(bytes_); }

  GDExtensionVariantType type() const { return engine.variant_get_type(bytes_); }
  // Whether Godot gives it to a parameter of this type without being asked to convert it.
  bool Fits(GDExtensionVariantType wanted) const {
    return type() == wanted || engine.variant_can_convert_strict(type(), wanted);
  }
  // What it holds, converted; check with Fits before.
  template <typename T>
  T As() const {
    if constexpr (std::is_same_v<T, Variant>) {
      return *this;
    } else {
      using Raw = typename Type<T>::Raw;
      static const auto convert = engine.get_variant_to_type_constructor(Type<T>::kType);
      alignas(Raw) unsigned char memory[sizeof(Raw)];
      convert(memory, const_cast<unsigned char*>(bytes_));
      Raw* raw = std::launder(reinterpret_cast<Raw*>(memory));
      T value = Type<T>::From(*raw);
      raw->~Raw();
      return value;
    }
  }

  void* get() { return bytes_; }
  const void* get() const { return bytes_; }

 private:
  alignas(8) unsigned char bytes_[24];
};

// "PackedFloat32Array" and so on.
std::string TypeName(GDExtensionVariantType type);

template <GDExtensionVariantType kId, size_t kBytes>
int64_t Builtin<kId, kBytes>::Call(const char* name, int64_t hash, const int64_t* argument) const {
  const auto method = engine.variant_get_ptr_builtin_method(kId, StringName(name).get(), hash);
  const GDExtensionConstTypePtr arguments[] = {argument};
  int64_t result = 0;
  method(const_cast<unsigned char*>(bytes_), arguments, &result, argument == nullptr ? 0 : 1);
  return result;
}

template <typename Visit>
void Dictionary::EachKey(Visit visit) const {
  static const auto keys = engine.variant_get_ptr_builtin_method(kType, StringName("keys").get(), 4144163970);
  Array found;
  keys(const_cast<void*>(get()), nullptr, found.get(), 0);
  for (int64_t index = 0, count = found.size(); index < count; ++index) {
    const Variant& key = found.At(index);
    visit(key.Fits(GDEXTENSION_VARIANT_TYPE_STRING) ? key.As<std::string>() : TypeName(key.type()));
  }
}

}  // namespace flashhead_godot

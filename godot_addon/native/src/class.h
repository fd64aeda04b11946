// Turns C++ classes into Godot's: their member functions become methods with named arguments and default values, called
// with Variants (from untyped scripts) or with plain pointers (from typed ones).
//
//   class Lamp : public Object {
//    public:
//     static constexpr const char* kName = "Lamp";
//     static constexpr const char* kParent = "RefCounted";
//     using Object::Object;
//     int64_t Turn(bool on);
//   };
//   Class<Lamp>().Method<&Lamp::Turn>("turn", {"on"}).Constant("Colour", "RED", 1);
#pragma once

#include <cstddef>
#include <initializer_list>
#include <list>
#include <utility>
#include <vector>

#include "engine.h"
#include "variant.h"

namespace flashhead_godot {

// What all classes here begin with: `owner` is Godot's half of the object, which owns this one.
class Object {
 public:
  explicit Object(GDExtensionObjectPtr owner) : owner_(owner) {}
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  GDExtensionObjectPtr owner() const { return owner_; }

  static Object* Of(GDExtensionObjectPtr owner) {
    return owner == nullptr
               ? nullptr
               : static_cast<Object*>(engine.object_get_instance_binding(owner, engine.library, nullptr));
  }

 private:
  GDExtensionObjectPtr owner_;
};

// An argument that is an object of one of the classes here; what is of another class becomes null.
template <typename T>
struct Type<T*, std::enable_if_t<std::is_base_of_v<Object, T>>> {
  static constexpr GDExtensionVariantType kType = GDEXTENSION_VARIANT_TYPE_OBJECT;
  static constexpr const char* kClass = T::kName;
  using Raw = GDExtensionObjectPtr;
  static T* From(const Raw& raw) { return dynamic_cast<T*>(Object::Of(raw)); }
};

// An argument that is an object of one of Godot's own classes. `Tag::kName` is the class.
template <typename Tag>
struct EngineObject {
  GDExtensionObjectPtr pointer = nullptr;
};
template <typename Tag>
struct Type<EngineObject<Tag>> {
  static constexpr GDExtensionVariantType kType = GDEXTENSION_VARIANT_TYPE_OBJECT;
  static constexpr const char* kClass = Tag::kName;
  using Raw = GDExtensionObjectPtr;
  static EngineObject<Tag> From(const Raw& raw) { return {raw}; }
};

// A number with a name: specialise it for an enum, so that Godot's help and completion know it.
template <typename E>
constexpr const char* kEnumName = "";
template <typename E>
struct Type<E, std::enable_if_t<std::is_enum_v<E>>> : PlainType<GDEXTENSION_VARIANT_TYPE_INT, E, int64_t> {
  static constexpr const char* kClass = kEnumName<E>;
};

// Whether T has `static bool ValidateProperty(GDExtensionPropertyInfo*)`, which may change how Godot treats a property.
template <typename T, typename = void>
constexpr bool kValidatesProperties = false;
template <typename T>
constexpr bool kValidatesProperties<T, std::void_t<decltype(T::ValidateProperty)>> = true;

// What Godot is told about an argument, a result or a property.
class PropertyInfo {
 public:
  template <typename T>
  static PropertyInfo Of(const char* name, uint32_t usage = kDefaultUsage) {
    if constexpr (std::is_same_v<T, Variant>) usage |= 1u << 17;  // PROPERTY_USAGE_NIL_IS_VARIANT
    if constexpr (std::is_enum_v<T>) usage |= 1u << 16;           // PROPERTY_USAGE_CLASS_IS_ENUM
    return PropertyInfo(Type<T>::kType, name, Type<T>::kClass, usage);
  }
  // Valid as long as this object is where it is.
  GDExtensionPropertyInfo get() {
    return {type_, name_.get(), class_name_.get(), 0 /* PROPERTY_HINT_NONE */, hint_.get(), usage_};
  }

  static constexpr uint32_t kDefaultUsage = 6;  // PROPERTY_USAGE_DEFAULT

 private:
  PropertyInfo(GDExtensionVariantType type, const char* name, const char* class_name, uint32_t usage)
      : type_(type), name_(name), class_name_(class_name), usage_(usage) {}

  GDExtensionVariantType type_;
  StringName name_;
  StringName class_name_;
  String hint_;
  uint32_t usage_;
};

// The two ways in which Godot calls one C++ function. `C`: its class, or void for a static one.
template <auto kFunction, bool kConst, typename C, typename R, typename... A>
struct Binding {
  static constexpr size_t kCount = sizeof...(A);
  static constexpr bool kStatic = std::is_void_v<C>;
  static constexpr uint32_t kFlags = GDEXTENSION_METHOD_FLAG_NORMAL |
                                     (kConst ? GDEXTENSION_METHOD_FLAG_CONST : 0) |
                                     (kStatic ? GDEXTENSION_METHOD_FLAG_STATIC : 0);
  using Result = R;

  static R Apply(GDExtensionClassInstancePtr instance, const A&... arguments) {
    if constexpr (kStatic) {
      return kFunction(arguments...);
    } else {
      return (static_cast<C*>(static_cast<Object*>(instance))->*kFunction)(arguments...);
    }
  }

  // `defaults`: a vector of the last arguments' default values.
  static void Call(void* defaults, GDExtensionClassInstancePtr instance, const GDExtensionConstVariantPtr* given,
                   GDExtensionInt count, GDExtensionVariantPtr result, GDExtensionCallError* error) {
    const auto& absent = *static_cast<const std::vector<Variant>*>(defaults);
    const size_t passed = static_cast<size_t>(count);
    if (passed > kCount) {
      *error = {GDEXTENSION_CALL_ERROR_TOO_MANY_ARGUMENTS, 0, static_cast<int32_t>(kCount)};
      return;
    }
    if (passed + absent.size() < kCount) {
      *error = {GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS, 0, static_cast<int32_t>(kCount - absent.size())};
      return;
    }
    constexpr GDExtensionVariantType kTypes[] = {Type<A>::kType..., GDEXTENSION_VARIANT_TYPE_NIL};
    const Variant* arguments[kCount + 1] = {};
    for (size_t index = 0; index < kCount; ++index) {
      arguments[index] = index < passed ? static_cast<const Variant*>(given[index])
                                        : &absent[index + absent.size() - kCount];
      if (kTypes[index] != GDEXTENSION_VARIANT_TYPE_NIL && !arguments[index]->Fits(kTypes[index])) {
        *error = {GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT, static_cast<int32_t>(index), kTypes[index]};
        return;
      }
    }
    error->error = GDEXTENSION_CALL_OK;
    CallWith(instance, arguments, static_cast<Variant*>(result), std::index_sequence_for<A...>());
  }

  static void PointerCall(void*, GDExtensionClassInstancePtr instance, const GDExtensionConstTypePtr* given,
                          GDExtensionTypePtr result) {
    PointerCallWith(instance, given, result, std::index_sequence_for<A...>());
  }

  static std::vector<PropertyInfo> Describe(const char* const* names) {
    return DescribeWith(names, std::index_sequence_for<A...>());
  }

 private:
  template <size_t... kIndex>
  static std::vector<PropertyInfo> DescribeWith([[maybe_unused]] const char* const* names,
                                                std::index_sequence<kIndex...>) {
    return {PropertyInfo::Of<A>(names[kIndex])...};
  }

  template <size_t... kIndex>
  static void CallWith(GDExtensionClassInstancePtr instance, const Variant* const* arguments, Variant* result,
                       std::index_sequence<kIndex...>) {
    if constexpr (std::is_void_v<R>) {
      Apply(instance, arguments[kIndex]->template As<A>()...);
    } else {
      *result = Variant(Apply(instance, arguments[kIndex]->template As<A>()...));
    }
  }

  template <size_t... kIndex>
  static void PointerCallWith(GDExtensionClassInstancePtr instance, [[maybe_unused]] const GDExtensionConstTypePtr* given,
                              GDExtensionTypePtr result, std::index_sequence<kIndex...>) {
    if constexpr (std::is_void_v<R>) {
      Apply(instance, Type<A>::From(*static_cast<const typename Type<A>::Raw*>(given[kIndex]))...);
    } else {
      using Raw = typename Type<R>::Raw;
      *static_cast<Raw*>(result) =
          Type<R>::To(Apply(instance, Type<A>::From(*static_cast<const typename Type<A>::Raw*>(given[kIndex]))...));
    }
  }
};

template <auto kFunction, typename F = decltype(kFunction)>
struct Bound;
template <auto kFunction, typename C, typename R, typename... A>
struct Bound<kFunction, R (C::*)(A...)> : Binding<kFunction, false, C, R, std::decay_t<A>...> {};
template <auto kFunction, typename C, typename R, typename... A>
struct Bound<kFunction, R (C::*)(A...) const> : Binding<kFunction, true, C, R, std::decay_t<A>...> {};
template <auto kFunction, typename R, typename... A>
struct Bound<kFunction, R (*)(A...)> : Binding<kFunction, false, void, R, std::decay_t<A>...> {};

// Makes Godot's half of an object send the notification with which it is complete.
void PostInitialize(GDExtensionObjectPtr object);

// Registers T with Godot. Everything that is registered lives until Unregister.
template <typename T>
class Class {
 public:
  Class() {
    GDExtensionClassCreationInfo4 info = {};
    info.is_exposed = true;
    info.create_instance_func = [](void*, GDExtensionBool notify) -> GDExtensionObjectPtr {
      const GDExtensionObjectPtr owner = engine.classdb_construct_object2(StringName(T::kParent).get());
      engine.object_set_instance(owner, StringName(T::kName).get(), Attach(nullptr, owner));
      if (notify) PostInitialize(owner);
      return owner;
    };
    info.recreate_instance_func = Attach;
    info.free_instance_func = [](void*, GDExtensionClassInstancePtr instance) { delete static_cast<Object*>(instance); };
    if constexpr (kValidatesProperties<T>) {
      info.validate_property_func = [](GDExtensionClassInstancePtr, GDExtensionPropertyInfo* property) -> GDExtensionBool {
        return T::ValidateProperty(property);
      };
    }
    engine.classdb_register_extension_class4(engine.library, StringName(T::kName).get(), StringName(T::kParent).get(),
                                             &info);
  }

  template <auto kFunction>
  Class& Method(const char* name, std::initializer_list<const char*> arguments = {},
                std::vector<Variant> defaults = {}) {
    using Function = Bound<kFunction>;
    std::vector<PropertyInfo> infos = Function::Describe(arguments.begin());
    std::vector<GDExtensionPropertyInfo> raw_infos;
    for (PropertyInfo& info : infos) raw_infos.push_back(info.get());
    std::vector<GDExtensionClassMethodArgumentMetadata> metadata(infos.size(),
                                                                 GDEXTENSION_METHOD_ARGUMENT_METADATA_NONE);
    std::vector<Variant>& kept = Defaults().emplace_back(std::move(defaults));
    std::vector<GDExtensionVariantPtr> raw_defaults;
    for (Variant& value : kept) raw_defaults.push_back(value.get());
    StringName method_name(name);

    GDExtensionClassMethodInfo info = {};
    info.name = method_name.get();
    info.method_userdata = &kept;
    info.call_func = Function::Call;
    info.ptrcall_func = Function::PointerCall;
    info.method_flags = Function::kFlags;
    info.argument_count = static_cast<uint32_t>(raw_infos.size());
    info.arguments_info = raw_infos.data();
    info.arguments_metadata = metadata.data();
    info.default_argument_count = static_cast<uint32_t>(raw_defaults.size());
    info.default_arguments = raw_defaults.data();
    if constexpr (std::is_void_v<typename Function::Result>) {
      engine.classdb_register_extension_class_method(engine.library, StringName(T::kName).get(), &info);
    } else {
      PropertyInfo result = PropertyInfo::Of<typename Function::Result>("");
      GDExtensionPropertyInfo raw_result = result.get();
      info.has_return_value = true;
      info.return_value_info = &raw_result;
      engine.classdb_register_extension_class_method(engine.library, StringName(T::kName).get(), &info);
    }
    return *this;
  }

  // A property that scripts may only read, and that is not saved.
  template <auto kGetter>
  Class& ReadOnly(const char* name, const char* getter) {
    Method<kGetter>(getter);
    PropertyInfo info = PropertyInfo::Of<typename Bound<kGetter>::Result>(name, 0 /* PROPERTY_USAGE_NONE */);
    const GDExtensionPropertyInfo raw = info.get();
    engine.classdb_register_extension_class_property(engine.library, StringName(T::kName).get(), &raw,
                                                     StringName("").get(), StringName(getter).get());
    return *this;
  }

  // `enumeration`: the enum it belongs to, or "".
  Class& Constant(const char* enumeration, const char* name, int64_t value, bool flag = false) {
    engine.classdb_register_extension_class_integer_constant(engine.library, StringName(T::kName).get(),
                                                             StringName(enumeration).get(), StringName(name).get(),
                                                             value, flag);
    return *this;
  }

  static void Unregister() {
    engine.classdb_unregister_extension_class(engine.library, StringName(T::kName).get());
    Defaults().clear();
  }

 private:
  static GDExtensionClassInstancePtr Attach(void*, GDExtensionObjectPtr owner) {
    static constexpr GDExtensionInstanceBindingCallbacks kNoCallbacks = {};
    Object* instance = new T(owner);
    engine.object_set_instance_binding(owner, engine.library, instance, &kNoCallbacks);
    return instance;
  }

  static std::list<std::vector<Variant>>& Defaults() {
    static std::list<std::vector<Variant>> defaults;
    return defaults;
  }
};

}  // namespace flashhead_godot

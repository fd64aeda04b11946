// Named values that a script gives as a Dictionary. Those that are not there leave what they would be read into; one of
// another type, out of its range or with an unknown name makes `error` say so.
#pragma once

#include <string>
#include <vector>

#include "variant.h"

namespace flashhead_godot {

class Options {
 public:
  Options(const char* function, const Dictionary& values) : function_(function), values_(values) {}

  bool Has(const char* name) const { return values_.Has(name); }
  void Read(const char* name, std::string& value) { Take(name, value); }
  void Read(const char* name, PackedStringArray& value) { Take(name, value); }
  void Read(const char* name, Variant& value) { Take(name, value); }
  void Read(const char* name, float& value) {
    double wide = value;
    Take(name, wide);
    value = static_cast<float>(wide);
  }
  void Read(const char* name, uint32_t& value) { ReadWhole(name, value, UINT32_MAX); }
  void Read(const char* name, uint64_t& value) { ReadWhole(name, value, INT64_MAX); }
  // C's way of writing a bool.
  void ReadFlag(const char* name, int32_t& value) {
    bool flag = value != 0;
    Take(name, flag);
    value = flag;
  }

  // After everything was read: false, and `error`, when something is wrong.
  bool Done();
  void Refuse(const std::string& why) {
    if (error_.empty()) error_ = std::string(function_) + ": " + why;
  }
  const std::string& error() const { return error_; }

 private:
  template <typename T>
  void Take(const char* name, T& value) {
    names_.emplace_back(name);
    if (!values_.Has(name)) return;
    const Variant given = values_.Get(name);
    if constexpr (!std::is_same_v<T, Variant>) {
      if (!given.Fits(Type<T>::kType)) {
        return Refuse(std::string(name) + " must be " + TypeName(Type<T>::kType) + ", not " + TypeName(given.type()));
      }
    }
    value = given.As<T>();
  }

  template <typename T>
  void ReadWhole(const char* name, T& value, int64_t most) {
    int64_t wide = static_cast<int64_t>(value);
    Take(name, wide);
    if (wide < 0 || wide > most) return Refuse(std::string(name) + " is " + std::to_string(wide) + ", but must be from 0 to " + std::to_string(most));
    value = static_cast<T>(wide);
  }

  const char* function_;
  const Dictionary& values_;
  std::vector<std::string> names_;
  std::string error_;
};

}  // namespace flashhead_godot

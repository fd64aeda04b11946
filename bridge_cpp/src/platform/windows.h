// What the Windows files of this folder share: text in UTF-16, reasons in words, and who owns what.
#pragma once

#ifndef UNICODE
#define UNICODE
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <accctrl.h>

#include <string>

namespace flashhead {

std::wstring Utf16(const std::string& utf8);
std::string Utf8(const std::wstring& utf16);
// What the system says of an error, without a line's end.
std::string ErrorText(DWORD error);

// "S-1-5-21-...": the user of this process. Throws std::runtime_error.
std::wstring ThisUser();
// Whether this user owns the object; `alone`: and is the only one whom its access list lets in.
bool IsOfThisUser(HANDLE object, SE_OBJECT_TYPE type, bool alone);

// A handle that is closed in the end.
class Handle {
 public:
  explicit Handle(HANDLE handle = nullptr) : handle_(handle == INVALID_HANDLE_VALUE ? nullptr : handle) {}
  ~Handle() { Close(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  HANDLE get() const { return handle_; }
  HANDLE* out() { return &handle_; }
  explicit operator bool() const { return handle_ != nullptr; }
  HANDLE Release() {
    const HANDLE handle = handle_;
    handle_ = nullptr;
    return handle;
  }
  void Close() {
    if (handle_ != nullptr) CloseHandle(handle_);
    handle_ = nullptr;
  }

 private:
  HANDLE handle_;
};

}  // namespace flashhead

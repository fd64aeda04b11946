#include "platform/windows.h"

#include <aclapi.h>
#include <sddl.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace flashhead {
namespace {

// The user of this process, or whom the system makes the owner of its files: in an elevated process another one.
class Identity {
 public:
  explicit Identity(TOKEN_INFORMATION_CLASS which) {
    Handle token;
    DWORD bytes = 0;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, token.out()) != 0) {
      GetTokenInformation(token.get(), which, nullptr, 0, &bytes);
      memory_.resize(bytes);
      if (bytes > 0 && GetTokenInformation(token.get(), which, memory_.data(), bytes, &bytes) != 0) return;
    }
    throw std::runtime_error("this process has no user: " + ErrorText(GetLastError()));
  }
  // Both kinds begin with it.
  PSID sid() const { return *reinterpret_cast<PSID const*>(memory_.data()); }

 private:
  std::vector<BYTE> memory_;
};
static_assert(offsetof(TOKEN_USER, User.Sid) == 0 && offsetof(TOKEN_OWNER, Owner) == 0);

bool LetsInOnly(PACL list, PSID user) {
  if (list == nullptr) return false;  // everybody
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* entry = nullptr;
    if (GetAce(list, i, &entry) == 0) return false;
    const auto* allowed = static_cast<ACCESS_ALLOWED_ACE*>(entry);
    if (allowed->Header.AceType != ACCESS_ALLOWED_ACE_TYPE) return false;
    if (EqualSid(const_cast<DWORD*>(&allowed->SidStart), user) == 0) return false;
  }
  return true;
}

}  // namespace

std::wstring Utf16(const std::string& utf8) {
  const int bytes = static_cast<int>(utf8.size());
  const int units = MultiByteToWideChar(CP_UTF8, 0, utf8.data(), bytes, nullptr, 0);
  std::wstring text(static_cast<size_t>(units), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, utf8.data(), bytes, text.data(), units);
  return text;
}

std::string Utf8(const std::wstring& utf16) {
  const int units = static_cast<int>(utf16.size());
  const int bytes = WideCharToMultiByte(CP_UTF8, 0, utf16.data(), units, nullptr, 0, nullptr, nullptr);
  std::string text(static_cast<size_t>(bytes), '\0');
  WideCharToMultiByte(CP_UTF8, 0, utf16.data(), units, text.data(), bytes, nullptr, nullptr);
  return text;
}

std::string ErrorText(DWORD error) {
  wchar_t* said = nullptr;
  const DWORD units = FormatMessageW(
      FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, error, 0,
      reinterpret_cast<wchar_t*>(&said), 0, nullptr);
  std::wstring text(said == nullptr ? L"" : said, units);
  LocalFree(said);
  while (!text.empty() && (text.back() == L'\n' || text.back() == L'\r' || text.back() == L' ')) text.pop_back();
  return text.empty() ? "error " + std::to_string(error) : Utf8(text);
}

std::wstring ThisUser() {
  const Identity user(TokenUser);
  wchar_t* name = nullptr;
  if (ConvertSidToStringSidW(user.sid(), &name) == 0) {
    throw std::runtime_error("this user has no name: " + ErrorText(GetLastError()));
  }
  std::wstring text(name);
  LocalFree(name);
  return text;
}

bool IsOfThisUser(HANDLE object, SE_OBJECT_TYPE type, bool alone) {
  const Identity user(TokenUser), maker(TokenOwner);
  PSID owner = nullptr;
  PACL list = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  const DWORD error = GetSecurityInfo(object, type, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                      nullptr, &list, nullptr, &descriptor);
  const bool mine = error == ERROR_SUCCESS && owner != nullptr &&
                    (EqualSid(owner, user.sid()) != 0 || EqualSid(owner, maker.sid()) != 0) &&
                    (!alone || LetsInOnly(list, user.sid()));
  LocalFree(descriptor);
  return mine;
}

}  // namespace flashhead

# Jansson (MIT) as a static library, from the sources in FLASHHEAD_JANSSON_SOURCE.
set(FLASHHEAD_JANSSON_SOURCE "" CACHE PATH "folder of Jansson's sources")
if(NOT EXISTS "${FLASHHEAD_JANSSON_SOURCE}/src/jansson.h")
  message(FATAL_ERROR "Set FLASHHEAD_JANSSON_SOURCE to a folder with Jansson's sources (`python3 build.py native` does)")
endif()

foreach(feature JANSSON_BUILD_SHARED_LIBS JANSSON_BUILD_DOCS JANSSON_EXAMPLES JANSSON_INSTALL)
  set(${feature} OFF CACHE BOOL "" FORCE)
endforeach()
set(JANSSON_WITHOUT_TESTS ON CACHE BOOL "" FORCE)

set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
add_subdirectory("${FLASHHEAD_JANSSON_SOURCE}" jansson EXCLUDE_FROM_ALL)
target_compile_options(jansson PRIVATE -w)
target_include_directories(jansson SYSTEM INTERFACE "${CMAKE_CURRENT_BINARY_DIR}/jansson/include")

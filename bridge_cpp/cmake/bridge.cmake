# flashhead_bridge: the library that engines load, and the programs that test it.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Nothing leaves the library that the header does not declare, also where the linker takes no list (zig's for macOS).
set(CMAKE_POLICY_DEFAULT_CMP0063 NEW) # for static libraries too
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
include(cmake/zeromq.cmake)
include(cmake/msgpack.cmake)
include(cmake/jansson.cmake)

find_package(Threads REQUIRED)

set(FLASHHEAD_PLATFORM src/platform/shared_memory.cc)
if(WIN32)
  list(APPEND FLASHHEAD_PLATFORM src/platform/process_windows.cc src/platform/shared_memory_windows.cc src/platform/windows.cc)
else()
  list(APPEND FLASHHEAD_PLATFORM src/platform/process_posix.cc src/platform/shared_memory_posix.cc)
endif()

# All of the library, for what is linked with it from inside: its tests and fuzz targets.
add_library(
  flashhead_core OBJECT
  src/abi/flashhead_bridge.cc
  src/abi/names.cc
  src/core/address.cc
  src/core/audio.cc
  src/core/connection.cc
  src/core/head.cc
  src/core/json.cc
  src/core/link.cc
  src/core/log.cc
  src/core/manifest.cc
  src/core/messages.cc
  src/core/ring_layout.cc
  src/core/ring_reader.cc
  src/core/ring_writer.cc
  src/core/session.cc
  src/core/tracks.cc
  src/core/utf8.cc
  ${FLASHHEAD_PLATFORM})
target_compile_features(flashhead_core PUBLIC cxx_std_17)
target_include_directories(flashhead_core PUBLIC include src)
target_compile_definitions(flashhead_core PRIVATE FLASHHEAD_BRIDGE_BUILD FLASHHEAD_VERSION_TEXT="${FLASHHEAD_VERSION}")
target_compile_options(flashhead_core PRIVATE -Wall -Wextra -ffunction-sections -fdata-sections)
target_link_libraries(flashhead_core PUBLIC libzmq-static ${FLASHHEAD_MSGPACK_TARGET} Threads::Threads)
target_link_libraries(flashhead_core PRIVATE jansson)
set_target_properties(flashhead_core PROPERTIES CXX_EXTENSIONS OFF)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_link_libraries(flashhead_core PUBLIC rt) # shm_open, in older C libraries
elseif(WIN32)
  target_link_libraries(flashhead_core PUBLIC advapi32)
endif()

add_library(flashhead_bridge SHARED)
target_link_libraries(flashhead_bridge PRIVATE flashhead_core)
set_target_properties(flashhead_bridge PROPERTIES LINKER_LANGUAGE CXX)
# For Windows what a debugger needs is in a file of its own.
if(NOT APPLE AND NOT WIN32 AND NOT FLASHHEAD_SANITIZE)
  target_link_options(flashhead_bridge PRIVATE -s)
endif()
if(APPLE)
  target_sources(flashhead_bridge PRIVATE src/platform/allocation_macos.cc)
  target_compile_options(flashhead_bridge PRIVATE -fvisibility-global-new-delete=force-hidden)
  target_link_options(flashhead_bridge PRIVATE "LINKER:-dead_strip")
  set_target_properties(flashhead_bridge PROPERTIES INSTALL_NAME_DIR "@rpath" BUILD_WITH_INSTALL_NAME_DIR ON)
elseif(WIN32)
  # What is marked for export leaves a DLL, nothing else; "lib" is no beginning of a name here.
  set_target_properties(flashhead_bridge PROPERTIES PREFIX "")
  # Test programs, for Windows or Wine: one knows only the header, one has the rings inside as the worker has.
  add_executable(smoke tests/smoke_windows.c)
  target_include_directories(smoke PRIVATE include)
  target_link_libraries(smoke PRIVATE flashhead_bridge shell32)
  target_compile_options(smoke PRIVATE -std=c11 -Wall -Wextra)
  add_executable(rings tests/rings_windows.cc)
  target_link_libraries(rings PRIVATE flashhead_core)
elseif(NOT FLASHHEAD_SANITIZE)
  target_link_options(
    flashhead_bridge PRIVATE "LINKER:--version-script=${CMAKE_CURRENT_SOURCE_DIR}/src/abi/exports.map"
    "LINKER:--gc-sections" "LINKER:-z,defs" "LINKER:-z,relro")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Engines bring C++ runtimes of their own.
    target_link_options(flashhead_bridge PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endif()

if(FLASHHEAD_PROGRAMS)
  # Programs that only know the header, as a game does.
  find_package(SDL2 QUIET)
  foreach(program minimal talking_npc)
    if(program STREQUAL "talking_npc" AND NOT SDL2_FOUND)
      continue()
    endif()
    add_executable(${program} examples/${program}.c)
    target_include_directories(${program} PRIVATE include)
    target_link_libraries(${program} PRIVATE flashhead_bridge)
    target_compile_options(${program} PRIVATE -std=c99 -Wall -Wextra -pedantic)
  endforeach()
  target_link_libraries(minimal PRIVATE m)
  if(SDL2_FOUND)
    target_link_libraries(talking_npc PRIVATE SDL2::SDL2)
  endif()
  # Has the library inside, so that a sanitizer sees all of it.
  add_executable(stress tests/stress.cc)
  target_link_libraries(stress PRIVATE flashhead_core)
  target_compile_features(stress PRIVATE cxx_std_17)

  # Only what reads the bytes: nothing here needs libzmq.
  function(flashhead_add_fuzz_target name)
    add_executable(fuzz_${name} fuzz/${name}.cc ${ARGN})
    target_include_directories(fuzz_${name} PRIVATE include src)
    target_link_libraries(fuzz_${name} PRIVATE ${FLASHHEAD_MSGPACK_TARGET} rt)
    target_compile_features(fuzz_${name} PRIVATE cxx_std_17)
    if(FLASHHEAD_LIBFUZZER)
      target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
      target_sources(fuzz_${name} PRIVATE fuzz/driver.cc)
    endif()
  endfunction()
  flashhead_add_fuzz_target(discovery src/core/json.cc)
  target_link_libraries(fuzz_discovery PRIVATE jansson)
  flashhead_add_fuzz_target(messages src/core/messages.cc src/core/utf8.cc)
  flashhead_add_fuzz_target(ring src/core/ring_layout.cc src/core/ring_reader.cc src/platform/shared_memory.cc
                            src/platform/shared_memory_posix.cc)
endif()

if(FLASHHEAD_PYTHON)
  # flashhead_engine._bridge as scikit-build-core builds it (python/), and the client too, which needs libzmq.
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
  find_package(pybind11 CONFIG REQUIRED)
  pybind11_add_module(_bridge MODULE NO_EXTRAS python/module.cc python/client.cc)
  target_compile_features(_bridge PRIVATE cxx_std_17)
  target_compile_definitions(_bridge PRIVATE FLASHHEAD_WITH_CLIENT)
  target_compile_options(_bridge PRIVATE -Wall -Wextra)
  target_include_directories(_bridge PRIVATE .)
  target_link_libraries(_bridge PRIVATE flashhead_core)
  # Its libzmq must not be taken for another one in the same process, as pyzmq's.
  target_link_options(
    _bridge PRIVATE -s "LINKER:--version-script=${CMAKE_CURRENT_SOURCE_DIR}/python/exports.map" "LINKER:--gc-sections")
  set_target_properties(_bridge PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endif()

if(FLASHHEAD_GODOT_API)
  add_subdirectory(../godot_addon/native ${CMAKE_BINARY_DIR}/godot)
endif()

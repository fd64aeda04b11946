# flashhead_bridge: the library that engines load, and the programs that test it.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(cmake/zeromq.cmake)
include(cmake/msgpack.cmake)

find_package(Threads REQUIRED)

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
  src/core/messages.cc
  src/core/ring_layout.cc
  src/core/ring_reader.cc
  src/core/ring_writer.cc
  src/core/session.cc
  src/core/tracks.cc
  src/core/utf8.cc
  src/platform/process_posix.cc
  src/platform/shared_memory_posix.cc)
target_compile_features(flashhead_core PUBLIC cxx_std_17)
target_include_directories(flashhead_core PUBLIC include src)
target_compile_definitions(flashhead_core PRIVATE FLASHHEAD_BRIDGE_BUILD FLASHHEAD_VERSION_TEXT="${FLASHHEAD_VERSION}")
target_compile_options(flashhead_core PRIVATE -Wall -Wextra -ffunction-sections -fdata-sections)
target_link_libraries(flashhead_core PUBLIC libzmq-static ${FLASHHEAD_MSGPACK_TARGET} Threads::Threads)
set_target_properties(
  flashhead_core
  PROPERTIES POSITION_INDEPENDENT_CODE ON
             CXX_EXTENSIONS OFF
             CXX_VISIBILITY_PRESET hidden
             VISIBILITY_INLINES_HIDDEN ON)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_link_libraries(flashhead_core PUBLIC rt) # shm_open, in older C libraries
endif()

add_library(flashhead_bridge SHARED)
target_link_libraries(flashhead_bridge PRIVATE flashhead_core)
set_target_properties(flashhead_bridge PROPERTIES LINKER_LANGUAGE CXX)
if(NOT APPLE AND NOT FLASHHEAD_SANITIZE)
  target_link_options(flashhead_bridge PRIVATE -s)
endif()
if(APPLE)
  # zig's linker takes the list of symbols and ignores it: libzmq's names leave the library too.
  target_link_options(
    flashhead_bridge PRIVATE "LINKER:-exported_symbols_list,${CMAKE_CURRENT_SOURCE_DIR}/src/abi/exports.macos"
    "LINKER:-dead_strip")
  set_target_properties(flashhead_bridge PROPERTIES INSTALL_NAME_DIR "@rpath" BUILD_WITH_INSTALL_NAME_DIR ON)
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
  # Programs that have the library inside, so that a sanitizer sees all of it.
  add_executable(stress tests/stress.cc)
  add_executable(fuzz_messages fuzz/messages.cc)
  add_executable(fuzz_ring fuzz/ring.cc)
  foreach(program stress fuzz_messages fuzz_ring)
    target_link_libraries(${program} PRIVATE flashhead_core)
    target_compile_features(${program} PRIVATE cxx_std_17)
  endforeach()
  foreach(program fuzz_messages fuzz_ring)
    if(FLASHHEAD_LIBFUZZER)
      target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    else()
      target_sources(${program} PRIVATE fuzz/driver.cc)
    endif()
  endforeach()
endif()

if(FLASHHEAD_GODOT_API)
  add_subdirectory(../godot_addon/native ${CMAKE_BINARY_DIR}/godot)
endif()

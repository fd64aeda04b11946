# msgpack-c (Boost Software License 1.0) as a static library, from the sources in FLASHHEAD_MSGPACK_SOURCE.
set(FLASHHEAD_MSGPACK_SOURCE "" CACHE PATH "folder of msgpack-c's sources")
if(NOT EXISTS "${FLASHHEAD_MSGPACK_SOURCE}/include/msgpack.h")
  message(FATAL_ERROR "Set FLASHHEAD_MSGPACK_SOURCE to a folder with msgpack-c's sources (`python3 build.py native` does)")
endif()

foreach(feature MSGPACK_ENABLE_SHARED MSGPACK_BUILD_EXAMPLES MSGPACK_BUILD_TESTS)
  set(${feature} OFF CACHE BOOL "" FORCE)
endforeach()
set(MSGPACK_ENABLE_STATIC ON CACHE BOOL "" FORCE)

set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
add_subdirectory("${FLASHHEAD_MSGPACK_SOURCE}" msgpack EXCLUDE_FROM_ALL)
# Its name changed with version 5.
foreach(name msgpackc-static msgpack-c-static msgpack-c msgpackc)
  if(TARGET ${name})
    set(FLASHHEAD_MSGPACK_TARGET ${name})
    break()
  endif()
endforeach()
target_compile_options(${FLASHHEAD_MSGPACK_TARGET} PRIVATE -w)

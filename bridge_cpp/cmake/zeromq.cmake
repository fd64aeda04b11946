# libzmq as a static library, from the sources in FLASHHEAD_ZEROMQ_SOURCE: 4.3.4 (LGPL-3.0 with static linking
# exception) or 4.3.5 (MPL-2.0). Only what a client on the same machine needs.
set(FLASHHEAD_ZEROMQ_SOURCE "" CACHE PATH "folder of libzmq's sources")
if(NOT EXISTS "${FLASHHEAD_ZEROMQ_SOURCE}/include/zmq.h")
  message(FATAL_ERROR "Set FLASHHEAD_ZEROMQ_SOURCE to a folder with libzmq's sources (`python3 build.py native` does)")
endif()

foreach(feature BUILD_SHARED WITH_PERF_TOOL WITH_DOCS WITH_DOC ENABLE_CPACK WITH_LIBSODIUM ENABLE_CURVE ENABLE_WS
                ENABLE_DRAFTS WITH_LIBBSD WITH_TLS BUILD_TESTS ZMQ_BUILD_TESTS ENABLE_PRECOMPILED)
  set(${feature} OFF CACHE BOOL "" FORCE)
endforeach()
set(BUILD_STATIC ON CACHE BOOL "" FORCE)

# Its CMakeLists.txt names a version that CMake 4 no longer knows.
set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
set(CMAKE_WARN_DEPRECATED OFF CACHE INTERNAL "")
add_subdirectory("${FLASHHEAD_ZEROMQ_SOURCE}" zeromq EXCLUDE_FROM_ALL)
target_compile_definitions(libzmq-static INTERFACE ZMQ_STATIC)
foreach(name objects libzmq-static)
  if(TARGET ${name})
    # zmq.h marks its functions for export, also in a static library.
    target_compile_options(${name} PRIVATE -w "-Dvisibility(kind)=__visibility__(\"hidden\")")
  endif()
endforeach()

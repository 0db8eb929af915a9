# Build types are set by CMakePresets.json; this file holds what all of them share.
option(LANTING_FAULTS "compile the fault points that tests use to kill a process" OFF)
option(LANTING_FUZZ "libFuzzer targets (clang only): build fuzz_* of gateway/fuzz" OFF)
set(LANTING_SANITIZE "" CACHE STRING "asan (with UBSan) | tsan | empty")

add_library(lanting_options INTERFACE)
target_compile_options(lanting_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
target_include_directories(lanting_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/services)
if(LANTING_FAULTS)
  target_compile_definitions(lanting_options INTERFACE LANTING_FAULTS)
endif()
if(LANTING_SANITIZE STREQUAL "asan")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(LANTING_SANITIZE STREQUAL "tsan")
  # Not announced to the headers: protobuf's give some classes another layout then than its library was built with.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -U__SANITIZE_THREAD__)
  add_link_options(-fsanitize=thread)
endif()

if(LANTING_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # basedir: another build directory hits the same cache; sloppiness: precompiled headers are cacheable.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

# lanting_test(name SOURCES ... LIBS ... [LABELS unit|store|conformance|...]): one GoogleTest binary, one ctest entry.
function(lanting_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LIBS;LABELS;ENV" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE lanting_options ${T_LIBS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT} ENVIRONMENT "${T_ENV}")
endfunction()

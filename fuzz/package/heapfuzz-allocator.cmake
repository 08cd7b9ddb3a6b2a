# heapfuzz_add_allocator(NAME SOURCE... [CORPUS DIR] [INCLUDE_DIRECTORIES DIR...]
#   [COMPILE_DEFINITIONS DEFINITION...])
#
# Makes the programs of an allocator and the harness. One SOURCE defines `heapfuzz_port`, as
# heapfuzz/port.h describes:
#   - NAME_heapfuzz, the command: replay, explain, shrink and the others
#   - NAME_fuzzer, a target for libFuzzer, where the compiler is Clang and has it
#   - NAME_corpus beside them: the programs of CORPUS as bytes, which libFuzzer may add to
#   - a test NAME.replay, which replays each program of CORPUS; without one it makes a few itself
#
# CORPUS is the folder corpus of the caller by default, and holds programs as texts, .ops. Both
# programs have AddressSanitizer and UBSan, where the compiler has them.
include_guard(GLOBAL)
include(CheckCSourceCompiles)

# Stores whether the C compiler makes and links a program with these flags.
function(heapfuzz_try flags source has)
  set(CMAKE_REQUIRED_FLAGS ${flags})
  check_c_source_compiles("${source}" ${has})
endfunction()

# Looks once for all that the compiler has, and makes the harness, which all allocators share.
function(heapfuzz_add_harness)
  if(TARGET heapfuzz_harness)
    return()
  endif()
  set(sanitizers "-fsanitize=address,undefined")
  heapfuzz_try(${sanitizers} "int main(void) { return 0; }" HEAPFUZZ_HAS_SANITIZERS)
  if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    heapfuzz_try("${sanitizers},fuzzer" "int LLVMFuzzerTestOneInput(void) { return 0; }"
      HEAPFUZZ_HAS_FUZZER)
  endif()
  get_property(sources GLOBAL PROPERTY heapfuzz_sources)
  add_library(heapfuzz_harness OBJECT ${sources}/heapfuzz.c)
  if(TARGET amalgam) # The package is in its own tree, which makes the file.
    set_source_files_properties(${sources}/heapfuzz.c PROPERTIES GENERATED ON)
    add_dependencies(heapfuzz_harness amalgam)
  endif()
  set_target_properties(heapfuzz_harness PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
  # Sanitizers guard only the allocator. Stacks of findings are whole.
  target_compile_options(heapfuzz_harness PRIVATE -w -g -fno-omit-frame-pointer
    -fno-optimize-sibling-calls $<$<C_COMPILER_ID:GNU>:-fno-ipa-icf>
    $<$<OR:$<CONFIG:Debug>,$<STREQUAL:$<CONFIG>,>>:-O2>)
  if(HEAPFUZZ_HAS_SANITIZERS)
    target_compile_definitions(heapfuzz_harness PRIVATE HARNESS_IS_LEAN)
  endif()
endfunction()

# Makes a program of the allocator's objects and the harness. FLAGS are for the linker.
function(heapfuzz_add_program program name flags)
  add_executable(${program} ${CMAKE_CURRENT_BINARY_DIR}/${name}_names.c)
  target_link_libraries(${program} PRIVATE ${name}_objects heapfuzz_harness)
  target_link_options(${program} PRIVATE ${flags})
endfunction()

# Compiles the programs of a folder for libFuzzer. Its own files stay.
function(heapfuzz_add_corpus name folder)
  file(GLOB programs CONFIGURE_DEPENDS ${folder}/*.ops)
  set(compiled $<TARGET_FILE_DIR:${name}_heapfuzz>/${name}_corpus)
  set(compile)
  if(programs)
    set(compile COMMAND ${name}_heapfuzz compile --to ${compiled} ${programs})
  endif()
  set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${name}_corpus.stamp)
  add_custom_command(OUTPUT ${stamp}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${compiled}
    ${compile}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${name}_heapfuzz ${programs}
    COMMENT "Compiling the corpus of ${name}"
    VERBATIM)
  add_custom_target(${name}_corpus ALL DEPENDS ${stamp})
endfunction()

function(heapfuzz_add_allocator name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS" "INCLUDE_DIRECTORIES;COMPILE_DEFINITIONS")
  set(call "heapfuzz_add_allocator(${name} ...)")
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT name MATCHES "^[A-Za-z0-9_]+$")
    message(FATAL_ERROR "${call}: a name is letters, digits and _")
  elseif(NOT arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${call}: it names no source")
  elseif(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "${call}: ${arg_KEYWORDS_MISSING_VALUES} is without a value")
  elseif(NOT "C" IN_LIST languages)
    message(FATAL_ERROR "${call}: the harness is C, which this project does not enable")
  elseif(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    message(FATAL_ERROR "${call}: the harness needs Linux, and this is ${CMAKE_SYSTEM_NAME}")
  elseif(arg_UNPARSED_ARGUMENTS MATCHES "\\.(cc|cpp|cxx)(;|$)"
      AND NOT CMAKE_CXX_COMPILER_ID STREQUAL CMAKE_C_COMPILER_ID)
    message(FATAL_ERROR "${call}: C++ is compiled by '${CMAKE_CXX_COMPILER_ID}' and C by "
      "'${CMAKE_C_COMPILER_ID}', whose sanitizers differ")
  endif()
  heapfuzz_add_harness()

  set(sanitizers)
  if(HEAPFUZZ_HAS_SANITIZERS)
    set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
  endif()
  set(seen)
  if(HEAPFUZZ_HAS_FUZZER)
    set(seen -fsanitize=fuzzer-no-link)
  endif()
  get_property(sources GLOBAL PROPERTY heapfuzz_sources)
  get_property(headers GLOBAL PROPERTY heapfuzz_headers)
  add_library(${name}_objects OBJECT ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${name}_objects PRIVATE
    ${arg_INCLUDE_DIRECTORIES} ${headers} ${sources})
  target_compile_definitions(${name}_objects PRIVATE ${arg_COMPILE_DEFINITIONS})
  target_compile_options(${name}_objects PRIVATE
    -g -fno-omit-frame-pointer ${sanitizers} ${seen}
    $<$<OR:$<CONFIG:Debug>,$<STREQUAL:$<CONFIG>,>>:-O1>)

  # Reports call the subject so.
  file(CONFIGURE OUTPUT ${name}_names.c
    CONTENT "const char *const heapfuzz_names[2] = {\"${name}\", 0};\n")
  heapfuzz_add_program(${name}_heapfuzz ${name} "${sanitizers}")
  if(HEAPFUZZ_HAS_FUZZER)
    heapfuzz_add_program(${name}_fuzzer ${name} "${sanitizers};-fsanitize=fuzzer")
  endif()

  set(corpus corpus)
  if(arg_CORPUS)
    set(corpus ${arg_CORPUS})
  endif()
  cmake_path(ABSOLUTE_PATH corpus BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  heapfuzz_add_corpus(${name} ${corpus})
  add_test(NAME ${name}.replay COMMAND ${CMAKE_COMMAND}
    -D PROGRAM=$<TARGET_FILE:${name}_heapfuzz> -D CORPUS=${corpus}
    -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/heapfuzz-replay.cmake)
endfunction()

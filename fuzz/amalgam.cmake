# The harness as heapfuzz.c and heapfuzz.h, which need a compiler and nothing else: target amalgam.
# A file of its own, as a project that takes these sources in wants it alone.
find_package(Python3 3.9 QUIET COMPONENTS Interpreter)
if(NOT Python3_FOUND)
  message(STATUS "There is no Python 3.9, which makes heapfuzz.c")
  return()
endif()
set(fuzz ${CMAKE_CURRENT_LIST_DIR})
set(amalgam ${PROJECT_BINARY_DIR}/fuzz/amalgam)
file(GLOB_RECURSE amalgam_sources CONFIGURE_DEPENDS ${fuzz}/*.c ${fuzz}/*.h ${fuzz}/*.def
  ${fuzz}/*.html ${PROJECT_SOURCE_DIR}/corpus/heap/edge-*.ops
  ${PROJECT_SOURCE_DIR}/src/include/comheap/*.h)
add_custom_command(OUTPUT ${amalgam}/heapfuzz.c ${amalgam}/heapfuzz.h
  COMMAND Python3::Interpreter ${fuzz}/amalgamate ${fuzz} ${amalgam}
  DEPENDS ${fuzz}/amalgamate ${PROJECT_SOURCE_DIR}/LICENSE ${amalgam_sources}
  COMMENT "Joining the harness to heapfuzz.c"
  VERBATIM)
add_custom_target(amalgam ALL DEPENDS ${amalgam}/heapfuzz.c ${amalgam}/heapfuzz.h)

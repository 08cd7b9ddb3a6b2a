# heapfuzz_add_allocator for a project that takes these sources in. It builds the harness only where
# an allocator is added.
include(${CMAKE_CURRENT_LIST_DIR}/../amalgam.cmake)
if(TARGET amalgam)
  set_target_properties(amalgam PROPERTIES EXCLUDE_FROM_ALL ON)
  set_property(GLOBAL PROPERTY heapfuzz_sources ${amalgam})
  set_property(GLOBAL PROPERTY heapfuzz_headers ${PROJECT_SOURCE_DIR}/fuzz/include)
  include(${CMAKE_CURRENT_LIST_DIR}/heapfuzz-allocator.cmake)
endif()

# comheap::comheap is the shared library, where one exists. comheap::static is the static one.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/comheap-targets.cmake)
if(NOT TARGET comheap::comheap)
  add_library(comheap::comheap ALIAS comheap::static)
endif()

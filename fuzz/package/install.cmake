# The installed harness, one of Debian's packages: the command, its manual page and an example,
# heapfuzz.c and heapfuzz.h, and the files for builds of one's own. Each finds the others from its
# own place, so the tree may be moved as a whole.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(here ${CMAKE_CURRENT_LIST_DIR})
set(made ${CMAKE_CURRENT_BINARY_DIR}/package)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/heapfuzz)
set(sources ${CMAKE_INSTALL_DATADIR}/heapfuzz)

install(TARGETS heapfuzz RUNTIME COMPONENT heapfuzz)
if(TARGET heapfuzz_record)
  install(TARGETS heapfuzz_record
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/heapfuzz COMPONENT heapfuzz)
endif()
install(FILES ${amalgam}/heapfuzz.c ${amalgam}/heapfuzz.h ${amalgam}/library.c ${amalgam}/look.c
  DESTINATION ${sources} COMPONENT heapfuzz)
install(FILES include/heapfuzz/port.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heapfuzz COMPONENT heapfuzz)

# For find_package: the package holds sources, which are the same for all machines.
configure_package_config_file(${here}/heapfuzz-config.cmake.in ${made}/heapfuzz-config.cmake
  INSTALL_DESTINATION ${package} PATH_VARS sources CMAKE_INSTALL_INCLUDEDIR
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${made}/heapfuzz-config-version.cmake
  COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
install(
  FILES ${made}/heapfuzz-config.cmake ${made}/heapfuzz-config-version.cmake
    ${here}/heapfuzz-allocator.cmake ${here}/heapfuzz-replay.cmake
  DESTINATION ${package} COMPONENT heapfuzz)

# For pkg-config, which finds the prefix from the place of this file.
cmake_path(APPEND CMAKE_INSTALL_PREFIX ${CMAKE_INSTALL_LIBDIR} pkgconfig OUTPUT_VARIABLE pc_folder)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${pc_folder} OUTPUT_VARIABLE to_prefix)
set(prefix "\${prefix}")
cmake_path(APPEND prefix ${sources} OUTPUT_VARIABLE harnessdir)
cmake_path(APPEND prefix ${CMAKE_INSTALL_INCLUDEDIR} OUTPUT_VARIABLE includedir)
configure_file(${here}/heapfuzz.pc.in ${made}/heapfuzz.pc @ONLY)
install(FILES ${made}/heapfuzz.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT heapfuzz)

set(ports ${PROJECT_SOURCE_DIR}/tests/ports/first-fit)
install(FILES ${ports}/first_fit.c ${ports}/first_fit.h ${ports}/port.c
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/heapfuzz/examples COMPONENT heapfuzz)
if(UNIX)
  include(${PROJECT_SOURCE_DIR}/src/package/manual.cmake)
  comheap_install_page(${here}/heapfuzz.1.in heapfuzz)
endif()

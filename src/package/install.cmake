# The installed files, each in one of Debian's packages: the library itself, the files for building
# programs with their manual and examples, and the drop-in. Only debugging information names
# folders, so the tree may be moved as a whole.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/comheap)
set(made ${CMAKE_CURRENT_BINARY_DIR})

set(libraries comheap)
if(TARGET comheap_shared)
  list(APPEND libraries comheap_shared)
endif()
install(TARGETS ${libraries} EXPORT comheap
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS comheap_atl EXPORT comheap
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/comheap/atl)
if(TARGET comheap_malloc)
  install(TARGETS comheap_malloc
    LIBRARY COMPONENT malloc NAMELINK_COMPONENT development)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/include/comheap
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

# For find_package: compatible, like the name of the shared library, within one major version.
write_basic_package_version_file(${made}/comheap-config-version.cmake
  COMPATIBILITY SameMajorVersion)
install(EXPORT comheap NAMESPACE comheap:: FILE comheap-targets.cmake
  DESTINATION ${package} COMPONENT development)
install(
  FILES ${CMAKE_CURRENT_LIST_DIR}/comheap-config.cmake ${made}/comheap-config-version.cmake
  DESTINATION ${package} COMPONENT development)

# For pkg-config, which finds the prefix from the place of this file.
cmake_path(APPEND CMAKE_INSTALL_PREFIX ${CMAKE_INSTALL_LIBDIR} pkgconfig OUTPUT_VARIABLE pc_folder)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${pc_folder} OUTPUT_VARIABLE to_prefix)
set(prefix "\${prefix}")
cmake_path(APPEND prefix ${CMAKE_INSTALL_LIBDIR} OUTPUT_VARIABLE libdir)
cmake_path(APPEND prefix ${CMAKE_INSTALL_INCLUDEDIR} OUTPUT_VARIABLE includedir)
set(pc_cflags)
set(pc_libs)
set(pc_private " -pthread")
if(atomic)
  string(APPEND pc_private " -latomic")
endif()
list(JOIN plugin_options " " pc_plugin)
if(TARGET comheap_shared) # Then the static library is linked with --static.
  string(PREPEND pc_private " ${pc_plugin}")
elseif(plugin_options)
  string(APPEND pc_libs " ${pc_plugin}")
endif()
if(WIN32)
  set(pc_libs " -luuid")
  set(pc_private)
  if(kind STREQUAL "SHARED")
    set(pc_cflags " -DCH_USES_DLL")
  endif()
endif()
foreach(module comheap comheap-atl)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${module}.pc.in ${made}/${module}.pc @ONLY)
endforeach()
install(FILES ${made}/comheap.pc ${made}/comheap-atl.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

install(FILES ${PROJECT_SOURCE_DIR}/README.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/tests/examples/leaks.c
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT development)
if(UNIX)
  include(${CMAKE_CURRENT_LIST_DIR}/manual.cmake)
  comheap_install_page(${CMAKE_CURRENT_LIST_DIR}/comheap.3.in development)
  if(TARGET comheap_malloc)
    comheap_install_page(${CMAKE_CURRENT_LIST_DIR}/libcomheap-malloc.3.in malloc)
  endif()
endif()

if(NOT COMHEAP_DEB) # Each of Debian's packages has one of its own.
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

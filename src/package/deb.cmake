# Debian's packages, cut as Debian cuts them:
#   - the shared library, with its version in the package's name
#   - the files for building programs
#   - the drop-in, a shared library, too
#   - the harness, which brings its sources and needs a compiler
#
# Each has a changelog. The libraries have a trigger of ldconfig, and the first one a list of its
# symbols, each with the version that brought it. CPack would rather call ldconfig by scripts, which
# deb-finish.cmake takes out.
#
# The prefix has to be /usr: on Debian the libraries' folder depends on it. The preset makes no
# debugging information. CPack would leave it in the static library, and it names folders.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr" OR NOT TARGET comheap_shared OR NOT TARGET heapfuzz)
  message(FATAL_ERROR "COMHEAP_DEB wants CMAKE_INSTALL_PREFIX=/usr, a shared library and "
    "COMHEAP_HEAPFUZZ=ON, as the preset deb does")
elseif(NOT TARGET amalgam)
  message(FATAL_ERROR "COMHEAP_DEB wants Python 3.9, which makes the heapfuzz.c of a package")
endif()
include(GNUInstallDirs)
set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "comheap contributors <comheap@users.noreply.github.com>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MULTIARCH same) # CMake 3.31 and later write it.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=") # Or an update breaks programs.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/deb-finish.cmake)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # Otherwise CPack puts it above each package's.
set(CPACK_COMPONENTS_ALL)

# Debian's changelog says which version was packaged, and where the changes are.
include(${CMAKE_CURRENT_LIST_DIR}/manual.cmake)
set(release ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
# The date is that of the changes. So packages of two machines, which share a documentation folder,
# have the same changelog where they come from one tree.
set(date "%a, %d %b %Y %H:%M:%S +0000")
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  string(TIMESTAMP packaged_at "${date}" UTC)
else()
  file(TIMESTAMP ${PROJECT_SOURCE_DIR}/.github/CHANGELOG.md packaged_at "${date}" UTC)
endif()
set(changes ${CMAKE_CURRENT_BINARY_DIR}/changes)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${changes}/changelog.Debian @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/.github/CHANGELOG.md ${changes}/changelog COPYONLY)
comheap_compress(${changes}/changelog.Debian debian_changes)
comheap_compress(${changes}/changelog upstream_changes)

# add_package(COMPONENT NAME SECTION DESCRIPTION DEPENDS): the copyright file is the license.
macro(add_package component name section description depends)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${description}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  set(doc ${CMAKE_INSTALL_DATADIR}/doc/${name})
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright
    DESTINATION ${doc} COMPONENT ${component})
  install(FILES ${debian_changes} ${upstream_changes} DESTINATION ${doc} COMPONENT ${component})
endmacro()

set(runtime libcomheap${PROJECT_VERSION_MAJOR})
set(drop_in libcomheap-malloc${PROJECT_VERSION_MAJOR})
add_package(runtime ${runtime} libs "COM task memory over a compact allocator
CComHeap, CoTaskMemAlloc and IMalloc over an allocator that knows the exact
size of each block, and names each misuse." "")
add_package(development libcomheap-dev libdevel
"COM task memory over a compact allocator - development files
CComHeap, CoTaskMemAlloc and IMalloc over an allocator that knows the exact
size of each block, and names each misuse.
.
The headers, the static library, and the files for CMake and pkg-config."
  "${runtime} (= ${release}), ${drop_in} (= ${release})")
add_package(malloc ${drop_in} libs "malloc over a compact allocator, for LD_PRELOAD
The C malloc family and C++'s new and delete, for programs that know nothing of
it. A double, a wild or a sized free that is wrong ends the process with a
sentence that names it." "")
# The drop-in's name had no version once, and its package the file that belongs to the other now.
foreach(component DEVELOPMENT MALLOC)
  set(CPACK_DEBIAN_${component}_PACKAGE_CONFLICTS libcomheap-malloc)
  set(CPACK_DEBIAN_${component}_PACKAGE_REPLACES libcomheap-malloc)
endforeach()
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_LIST_DIR}/triggers ${CMAKE_CURRENT_LIST_DIR}/symbols)
set(CPACK_DEBIAN_MALLOC_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/triggers)
# It calls clang, ninja and, for two allocators, objcopy. Stacks of findings need llvm-symbolizer.
add_package(heapfuzz heapfuzz devel "fuzzer that holds an allocator against the laws of a heap
heapfuzz makes programs of allocations under libFuzzer, AddressSanitizer and
UBSan. It reports a broken law with the simplest program that breaks it.
.
An allocator needs a port, a C file of a few lines. heapfuzz builds both, or a
project builds them with CMake, with pkg-config, or from the two files of the
harness."
  "clang, ninja-build, libclang-rt-dev, llvm, binutils")
set(CPACK_DEBIAN_HEAPFUZZ_PACKAGE_MULTIARCH foreign) # The commands are the same for all machines.
include(CPack)

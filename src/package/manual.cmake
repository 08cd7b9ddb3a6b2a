# Manual pages, and the other texts that Debian wants to be compressed.
include_guard(GLOBAL)
include(GNUInstallDirs)

# Compresses a text, the same way each time, and sets the variable to the path of the result.
function(comheap_compress text result)
  execute_process(COMMAND gzip -9 -n -c ${text} OUTPUT_FILE ${text}.gz COMMAND_ERROR_IS_FATAL ANY)
  set(${result} ${text}.gz PARENT_SCOPE)
endfunction()

# Installs the page NAME.SECTION.in.
function(comheap_install_page template component)
  cmake_path(GET template STEM LAST_ONLY name)
  string(REGEX REPLACE ".*\\." "" section ${name})
  set(page ${CMAKE_CURRENT_BINARY_DIR}/${name})
  configure_file(${template} ${page} @ONLY)
  if(COMHEAP_DEB)
    comheap_compress(${page} page)
  endif()
  install(FILES ${page}
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endfunction()

# Takes the scripts of CPack out of Debian's packages. All that they do is call ldconfig, for which
# the packages have a trigger.
foreach(package ${CPACK_PACKAGE_FILES})
  set(folder ${package}.content)
  execute_process(COMMAND dpkg-deb --raw-extract ${package} ${folder}
    COMMAND_ERROR_IS_FATAL ANY)
  if(EXISTS ${folder}/DEBIAN/postinst)
    file(REMOVE ${folder}/DEBIAN/postinst ${folder}/DEBIAN/postrm)
    execute_process(COMMAND dpkg-deb --root-owner-group --build ${folder} ${package}
      OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  endif()
  file(REMOVE_RECURSE ${folder})
endforeach()

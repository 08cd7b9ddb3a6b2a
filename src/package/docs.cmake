# API pages, made from the public headers where Doxygen is installed: the target docs, which writes
# to docs/html of the build. A comment that Doxygen can't follow fails the target.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  set(DOXYGEN_GENERATE_HTML YES)
  set(DOXYGEN_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/docs)
  set(DOXYGEN_INCLUDE_PATH ${PROJECT_SOURCE_DIR}/src/include)
  set(DOXYGEN_STRIP_FROM_PATH ${DOXYGEN_INCLUDE_PATH})
  set(DOXYGEN_EXTRACT_ALL YES) # Else it leaves out macros and types that their names explain.
  set(DOXYGEN_OPTIMIZE_OUTPUT_FOR_C YES)
  set(DOXYGEN_JAVADOC_AUTOBRIEF YES) # The first sentence of a comment is the brief one.
  set(DOXYGEN_MACRO_EXPANSION YES)
  set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
  set(DOXYGEN_PREDEFINED CH_API= "CH_COM(name)=name" STDMETHODCALLTYPE=)
  set(DOXYGEN_HAVE_DOT NO)
  set(DOXYGEN_QUIET YES)
  set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
  doxygen_add_docs(docs ${PROJECT_SOURCE_DIR}/src/include/comheap)
endif()

# A test of an allocator: replays each program of a folder. Without any, makes programs itself, so
# that the test can fail: cmake -D PROGRAM=NAME_heapfuzz -D CORPUS=DIR -P FILE.
#
# It looks when the test runs: a program that is new in the folder is replayed without a build.
file(GLOB programs ${CORPUS}/*.ops)
set(words replay ${programs})
if(NOT programs)
  message(STATUS "${CORPUS} has no .ops, so 100 programs are made")
  set(words random --count 100 --seed 1)
endif()
# A report is in one piece where both outputs are one.
execute_process(COMMAND sh -c [[exec "$@" 2>&1]] sh ${PROGRAM} ${words} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with status ${status}")
endif()

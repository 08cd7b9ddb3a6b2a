// The two halves of what is told of a stop.
#ifndef RUNNER_STOP_PARTS_H
#define RUNNER_STOP_PARTS_H

#include <stdbool.h>

/// What is printed before the program. Returns false iff no run is under way, or
/// nothing is to be told.
bool stop_tell_where(const char *who);

/// To be called now and then. Returns whether no law was held since the last two calls, although a
/// run is under way.
bool stop_is_hung(void);

/// Prints the program, and the table around the address. Where the address is in neither the world
/// nor a block, the table is around the op's block.
void stop_tell_rest(const void *address, const char *says);

#endif

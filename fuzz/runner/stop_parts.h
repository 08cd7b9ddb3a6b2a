// The two halves of a report of a stop, and the watch for hung programs.
#ifndef RUNNER_STOP_PARTS_H
#define RUNNER_STOP_PARTS_H

#include <stdbool.h>

/// Prints the part of the report before the program. Returns false iff no run is under way, or
/// reports are silenced.
bool stop_tell_where(const char *who);

/// Reports from now on, as a stop, a subject that ends the process by exit.
void stop_watch_exit(void);

/// Returns whether no law was checked since the last two calls, although a run is under way. Call
/// it at regular intervals.
bool stop_is_hung(void);

/// Prints the program, and the table around the address. Where the address is in neither the world
/// nor a block, the table is around the op's block.
void stop_tell_rest(const void *address, const char *says);

#endif

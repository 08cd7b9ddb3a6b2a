// The wall clock of a process.
#ifndef WORLD_CLOCK_H
#define WORLD_CLOCK_H

/// Returns the seconds since some moment before the process began.
double clock_seconds(void);

#endif

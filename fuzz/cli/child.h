// A process of ours: started, heard and ended.
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t id;
    int output;     ///< The end of the pipe that we read; -1: there will be no more.
    bool has_ended; ///< Then status is what waitpid gives.
    int status;
};

/// Starts arguments[0], a path, in this process's environment. Returns 0 or an error number.
int child_start(struct child *child, char **arguments);

/// Waits until the child writes or ends, a signal comes, or the time is over; or, while it says
/// nothing more, for a moment. Notices when it has ended.
void child_wait(struct child *child, int milliseconds);

/// Returns how many bytes it wrote that are in the buffer now: 0 when there are none for now.
size_t child_read(struct child *child, char *buffer, size_t capacity_bytes);

/// Sends a signal, if it has not ended.
void child_signal(const struct child *child, int signal_number);

#endif

// A child process: its start, its output and its end.
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t id;
    int output;     ///< The reading end of the pipe; -1: the output is over.
    bool has_ended; ///< Then status is what waitpid gives.
    int status;
};

/// Starts arguments[0], a path, in this process's environment. Returns 0 or an error number.
int child_start(struct child *child, char **arguments);

/// Waits until the child writes or ends, a signal comes, or the time is over. Waits a moment only
/// when the output is over. Notices that the child has ended.
void child_wait(struct child *child, int milliseconds);

/// Reads output of the child. Returns the number of bytes in the buffer; 0 iff there are none now.
size_t child_read(struct child *child, char *buffer, size_t capacity_bytes);

/// Sends a signal, if it has not ended.
void child_signal(const struct child *child, int signal_number);

#endif

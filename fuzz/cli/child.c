// Starts a process with a pipe from both its outputs, and notices its end. Knows nothing of
// fuzzing.

#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// Closes an end of the pipe in the child. If the child kept it, the pipe would never end.
static bool keep_from_child(int file, bool may_wait)
{
    return fcntl(file, F_SETFD, FD_CLOEXEC) == 0 &&
           (may_wait || fcntl(file, F_SETFL, O_NONBLOCK) == 0);
}

int child_start(struct child *child, char **arguments)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    if (pipe(ends) != 0) {
        return errno;
    }
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        if (!keep_from_child(ends[0], false) || !keep_from_child(ends[1], true)) {
            error = errno;
        } else if ((error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                                             O_RDONLY, 0)) == 0 &&
                   (error = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)) ==
                       0 &&
                   (error = posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)) ==
                       0) {
            error = posix_spawn(&child->id, arguments[0], &actions, NULL, arguments, environ);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)close(ends[1]);
    child->output = ends[0];
    child->has_ended = false;
    if (error != 0) {
        (void)close(ends[0]);
    }
    return error;
}

void child_wait(struct child *child, int milliseconds)
{
    struct pollfd output = {.fd = child->output, .events = POLLIN};
    if (child->output < 0 && milliseconds > 20) {
        milliseconds =
            20; // It has closed its outputs and is about to end, which poll does not report.
    }
    (void)poll(&output, 1, milliseconds);
    if (!child->has_ended && waitpid(child->id, &child->status, WNOHANG) == child->id) {
        child->has_ended = true;
    }
}

size_t child_read(struct child *child, char *buffer, size_t capacity_bytes)
{
    if (child->output < 0) {
        return 0;
    }
    ssize_t length = read(child->output, buffer, capacity_bytes);
    if (length > 0) {
        return (size_t)length;
    }
    if (length == 0) {
        (void)close(child->output);
        child->output = -1;
    }
    return 0;
}

void child_signal(const struct child *child, int signal_number)
{
    if (!child->has_ended) {
        (void)kill(child->id, signal_number);
    }
}

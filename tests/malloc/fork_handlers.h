// A library whose constructor registers handlers of fork, before the program begins; they allocate,
// and flush every file.
#ifndef COMHEAP_TESTS_MALLOC_FORK_HANDLERS_H
#define COMHEAP_TESTS_MALLOC_FORK_HANDLERS_H

/// Lets them do so from now on. In the handler of a signal they could not.
void fork_handlers_begin(void);

/// Returns how often a handler has run in this process.
int fork_handlers_called(void);

#endif

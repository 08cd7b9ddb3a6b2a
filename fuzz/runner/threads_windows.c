// Threads of a run need a process of their own, which Windows can't give: see trial_windows.c. So
// nothing calls this.

#include "runner/threads.h"

#include <stdlib.h>

void threads_run(const struct threads_plan *plan, struct threads_work *work)
{
    (void)plan, (void)work;
    abort();
}

// Windows can't give a child this process's memory as it stands, so programs share one process.

#include "runner/apart.h"

bool apart_is_needed(const struct plan *plan)
{
    (void)plan;
    return false;
}

void apart_run(void (*run)(const struct plan *plan, const struct program *program),
               const struct plan *plan, const struct program *program)
{
    run(plan, program);
}

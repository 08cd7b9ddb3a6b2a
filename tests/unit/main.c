// Runs every row of the specification of task memory. Each test is named after its row.

#include "groups.h"

int main(void)
{
    int failures = run_allocate_rows();
    failures += run_reallocate_rows();
    failures += run_free_rows();
    failures += run_size_rows();
    failures += run_didalloc_rows();
    failures += run_malloc_object_rows();
    failures += run_limit_rows();
#ifndef _WIN32 // It forks.
    failures += run_task_heap_rows();
#endif
    failures += run_thread_rows();
    return failures == 0 ? 0 : 1;
}

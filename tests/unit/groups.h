// The groups of rows, one for each file. Each runs its rows and returns the number that failed.
#ifndef TESTS_UNIT_GROUPS_H
#define TESTS_UNIT_GROUPS_H

int run_allocate_rows(void);
int run_reallocate_rows(void);
int run_free_rows(void);
int run_size_rows(void);
int run_didalloc_rows(void);
int run_malloc_object_rows(void);
int run_limit_rows(void);
int run_task_heap_rows(void);
int run_thread_rows(void);

#endif

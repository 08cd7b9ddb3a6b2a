// The groups of rows about the spy, one for each file. Each runs its rows and returns the number
// that failed.
#ifndef TESTS_UNIT_SPY_GROUPS_H
#define TESTS_UNIT_SPY_GROUPS_H

int run_spy_registration_rows(void);
int run_spy_call_rows(void);
int run_spy_empty_rows(void);
int run_spy_nested_rows(void);
int run_spy_defect_rows(void);
int run_spy_memory_rows(void);
int run_pointers_tests(void);
int run_leak_spy_tests(void);
int run_leaks_tests(void);

#endif

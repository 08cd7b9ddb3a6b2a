// Runs every row of the specification of the spy. Each test is named after its row.

#include "spy_groups.h"

int main(void)
{
    int failures = run_spy_registration_rows();
    failures += run_spy_call_rows() + run_spy_empty_rows();
    failures += run_spy_nested_rows();
    failures += run_spy_defect_rows();
#ifndef _WIN32
    failures += run_spy_memory_rows();
#endif
    failures += run_pointers_tests();
    failures += run_leak_spy_tests();
    failures += run_leaks_tests();
    return failures == 0 ? 0 : 1;
}

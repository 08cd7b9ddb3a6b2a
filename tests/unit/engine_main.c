// Runs every claim about the engine: the promises of heap.h, the principles behind it, the inside
// of each layer, and the power of ch_heap_check to name any breakage. Each test is named after its
// claim.

#include "engine_groups.h"

int main(void)
{
    int failures = run_create_claims();
    failures += run_untouched_claims();
    failures += run_exact_claims();
    failures += run_resize_claims();
    failures += run_pointer_claims();
    failures += run_handler_claims();
    failures += run_same_claims();
#ifndef _WIN32
    failures += run_poison_claims();
#endif
    failures += run_run_claims();
    failures += run_kept_claims();
    failures += run_span_claims();
    failures += run_aligned_claims();
    failures += run_zeroed_claims();
    failures += run_table_claims();
    failures += run_refusal_claims();
    failures += run_process_claims();
#ifndef _WIN32
    failures += run_pages_claims();
    failures += run_window_claims();
#endif
#ifdef __linux__
    failures += run_limits_claims();
#endif
    failures += run_broken_claims();
    return failures == 0 ? 0 : 1;
}

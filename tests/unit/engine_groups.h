// The groups of claims about the engine, one for each file. Each runs its claims and returns the
// number that failed.
#ifndef TESTS_UNIT_ENGINE_GROUPS_H
#define TESTS_UNIT_ENGINE_GROUPS_H

int run_create_claims(void);
int run_untouched_claims(void);
int run_exact_claims(void);
int run_resize_claims(void);
int run_pointer_claims(void);
int run_handler_claims(void);
int run_same_claims(void);
int run_poison_claims(void);
int run_run_claims(void);
int run_kept_claims(void);
int run_span_claims(void);
int run_aligned_claims(void);
int run_zeroed_claims(void);
int run_table_claims(void);
int run_refusal_claims(void);
int run_process_claims(void);
int run_pages_claims(void);
int run_limits_claims(void);
int run_window_claims(void);
int run_broken_claims(void);

#endif

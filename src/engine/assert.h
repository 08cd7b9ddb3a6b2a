// Preconditions, checked in every build but a release.
#ifndef COMHEAP_ENGINE_ASSERT_H
#define COMHEAP_ENGINE_ASSERT_H

/// Prints one sentence and ends the process, unless the condition holds. With NDEBUG, does not
/// evaluate it.
#ifdef NDEBUG
#define CH_ASSERT(condition) ((void)sizeof(condition))
#else
#define CH_ASSERT(condition) ((condition) ? (void)0 : ch_assert_fail(#condition, __func__))
#endif

/// Ends the process, since a condition does not hold in a function.
_Noreturn void ch_assert_fail(const char *condition, const char *function);

#endif

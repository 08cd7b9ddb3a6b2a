// Whether this build has AddressSanitizer, though the harness may be left uninstrumented, and how
// to leave a function uninstrumented, or without calls of library functions that the compiler would
// make of its loops.
#ifndef HARNESS_ASAN_H
#define HARNESS_ASAN_H

#if defined(__SANITIZE_ADDRESS__) || defined(HARNESS_IS_LEAN)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define UNINSTRUMENTED __attribute__((no_sanitize("address")))
#else
#define UNINSTRUMENTED
#endif

#ifdef __clang__
#define NO_LIBRARY_CALLS __attribute__((no_builtin))
#else
#define NO_LIBRARY_CALLS
#endif

#endif

// Whether this build has AddressSanitizer, though the harness may be left uninstrumented, and how
// dear that makes malloc. How to leave a function uninstrumented, or without calls of library
// functions that the compiler would make of its loops.
#ifndef WORLD_ASAN_H
#define WORLD_ASAN_H

#include <stddef.h>
#include <stdint.h>

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

/// malloc is dear where AddressSanitizer poisons each block from end to end, where the system
/// counts memory that is never touched, and where addresses are few. There it is asked for no more
/// than this, or for more than any object can have.
#if defined(HAS_ASAN) || defined(_WIN32) || SIZE_MAX <= UINT32_MAX
#define MALLOC_IS_DEAR 1
#define MALLOC_MOST_BYTES ((size_t)1024 * 1024)
#else
#define MALLOC_MOST_BYTES ((size_t)PTRDIFF_MAX)
#endif

#ifdef __clang__
#define NO_LIBRARY_CALLS __attribute__((no_builtin))
#else
#define NO_LIBRARY_CALLS
#endif

#endif

// Whether this build has AddressSanitizer, even where the harness is not instrumented, and the cost
// of malloc there. Attributes that leave a function uninstrumented, or keep a compiler from making
// library calls of its loops.
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

/// Limits the sizes that malloc receives where it is dear, except for sizes that no object can
/// have. It is dear where AddressSanitizer poisons whole blocks, where the system counts untouched
/// memory, and where addresses are few.
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

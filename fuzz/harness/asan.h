// Whether this build has AddressSanitizer, and how to leave a function uninstrumented.
#ifndef HARNESS_ASAN_H
#define HARNESS_ASAN_H

#if defined(__SANITIZE_ADDRESS__)
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

#endif

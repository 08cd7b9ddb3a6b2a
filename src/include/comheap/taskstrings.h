// Copies of strings in COM task memory, for whoever is to free them by CoTaskMemFree.
#ifndef COMHEAP_TASKSTRINGS_H
#define COMHEAP_TASKSTRINGS_H

#include <stdint.h>
#include <wchar.h>

#include <comheap/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A unit of UTF-16, as COM's strings are made of: wchar_t of Windows, char16_t elsewhere.
#if defined(_WIN32)
typedef wchar_t ch_olechar;
#elif defined(__cplusplus)
typedef char16_t ch_olechar;
#else
typedef uint_least16_t ch_olechar; // What char16_t of <uchar.h> is.
#endif

/// Returns a copy of the string, its zero included; NULL iff the string is NULL, or there is no
/// task memory for it (spec 7, AtlAllocTask*String). The caller ends it by CoTaskMemFree.
CH_API char *ch_task_string(const char *string);
CH_API wchar_t *ch_task_wide_string(const wchar_t *string);
CH_API ch_olechar *ch_task_ole_string(const ch_olechar *string);

#ifdef __cplusplus
}
#endif

#endif

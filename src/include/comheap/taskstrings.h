// Copies of strings in COM task memory. The caller frees them with CoTaskMemFree.
#ifndef COMHEAP_TASKSTRINGS_H
#define COMHEAP_TASKSTRINGS_H

#include <stdint.h>
#include <wchar.h>

#include <comheap/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A unit of UTF-16, of which COM makes its strings: wchar_t on Windows, char16_t elsewhere.
#if defined(_WIN32)
typedef wchar_t ch_olechar;
#elif defined(__cplusplus) && __cplusplus >= 201103L
typedef char16_t ch_olechar;
#else
typedef uint_least16_t ch_olechar; // The type of char16_t in <uchar.h>. C++98 has none.
#endif

/// Returns a copy of the string, its final zero included. The caller owns it and ends it with
/// CoTaskMemFree. ATL calls the first two AtlAllocTaskAnsiString and
/// AtlAllocTaskWideString.
///
/// Returns NULL iff the string is NULL, or there is no task memory for the copy.
CH_API char *ch_task_string(const char *string);
CH_API wchar_t *ch_task_wide_string(const wchar_t *string);
CH_API ch_olechar *ch_task_ole_string(const ch_olechar *string);

#ifdef __cplusplus
}
#endif

#endif

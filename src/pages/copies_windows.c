// Copies of the library on Windows: whether there is another one. Each opens a mutex whose name has
// the process in it, and the second one finds it made.
//
// The copies share nothing: a name can be taken by any process of the session, which must not get
// this one to call a function.

#include "pages/copies.h"

#include <windows.h>

#include <stdatomic.h>
#include <stddef.h>

const char ch_copies_remedy[] = "link them with the DLL of the library";

static atomic_flag is_marked = ATOMIC_FLAG_INIT;
static HANDLE mark; // NULL: the system has none, or this copy is not marked.

// A DLL that is unloaded is no copy any more.
__attribute__((destructor)) static void forget(void)
{
    if (mark != NULL) {
        (void)CloseHandle(mark);
    }
}

// Writes the name: a prefix, and eight digits for the number of the process.
static void write_name(wchar_t name[])
{
    static const wchar_t prefix[] = L"comheap-in-process-";
    static const wchar_t digits[] = L"0123456789abcdef";
    size_t length = sizeof prefix / sizeof *prefix - 1;
    DWORD process = GetCurrentProcessId();
    for (size_t i = 0; i < length; i++) {
        name[i] = prefix[i];
    }
    for (int shift = 28; shift >= 0; shift -= 4) {
        name[length++] = digits[process >> shift & 15];
    }
    name[length] = 0;
}

struct ch_copies ch_copies_find(void)
{
    struct ch_copies found = {.is_second = false};
    if (!atomic_flag_test_and_set(&is_marked)) {
        wchar_t name[32];
        write_name(name);
        mark = CreateMutexW(NULL, FALSE, name);
        found.is_second = mark != NULL && GetLastError() == ERROR_ALREADY_EXISTS;
    }
    return found;
}

// The operating system's pages on Windows: reserve and commit are VirtualAlloc's own.
//
// Decommit has to leave the range readable, as zeros. MEM_RESET and DiscardVirtualMemory leave
// anything in it; only pages that are decommitted and committed again are zeros. So the memory goes
// back, and the right to it, which Windows counts too, is kept until the range is released. For a
// moment in between nothing is there: a thread that looks just then is stopped by an access
// violation, waits until the range is back, and looks again.
//
// No `move`: Windows can't give pages another address.

#include <comheap/pages.h>

#include <windows.h>

#include "pages/print.h"

static SRWLOCK recommit_lock = SRWLOCK_INIT; // Held while a range is gone.
static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

static bool is_readable(const void *address)
{
    MEMORY_BASIC_INFORMATION pages;
    return VirtualQuery(address, &pages, sizeof pages) != 0 && pages.State == MEM_COMMIT &&
           pages.Protect == PAGE_READWRITE;
}

// A read of what may be read by now has met a range that was gone: it is tried again. Anything else
// is somebody else's.
static LONG CALLBACK on_exception(EXCEPTION_POINTERS *exception)
{
    const EXCEPTION_RECORD *record = exception->ExceptionRecord;
    const ULONG_PTR reading = 0;
    if (record->ExceptionCode != EXCEPTION_ACCESS_VIOLATION || record->NumberParameters < 2 ||
        record->ExceptionInformation[0] != reading) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    AcquireSRWLockShared(&recommit_lock);
    bool is_back = is_readable((const void *)record->ExceptionInformation[1]);
    ReleaseSRWLockShared(&recommit_lock);
    return is_back ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

static BOOL CALLBACK prepare(INIT_ONCE *unused, void *argument, void **context)
{
    (void)unused, (void)argument, (void)context;
    return AddVectoredExceptionHandler(1, on_exception) != NULL;
}

static size_t os_page_bytes(void *world)
{
    SYSTEM_INFO system;
    (void)world;
    GetSystemInfo(&system);
    return system.dwPageSize;
}

static void *reserve(void *world, size_t size_bytes)
{
    (void)world;
    if (!InitOnceExecuteOnce(&once, prepare, NULL, NULL)) {
        return NULL;
    }
    return VirtualAlloc(NULL, size_bytes, MEM_RESERVE, PAGE_NOACCESS);
}

static bool commit(void *world, void *start, size_t size_bytes)
{
    (void)world;
    return VirtualAlloc(start, size_bytes, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

static void decommit(void *world, void *start, size_t size_bytes)
{
    (void)world;
    AcquireSRWLockExclusive(&recommit_lock);
    if (VirtualFree(start, size_bytes, MEM_DECOMMIT)) {
        // Refused only where another process takes in this moment what was just given back.
        (void)VirtualAlloc(start, size_bytes, MEM_COMMIT, PAGE_READWRITE);
    }
    ReleaseSRWLockExclusive(&recommit_lock);
}

static void release(void *world, void *start, size_t size_bytes)
{
    (void)world, (void)size_bytes;
    (void)VirtualFree(start, 0, MEM_RELEASE);
}

void ch_print_error(const char *text, size_t length)
{
    DWORD written;
    (void)WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, (DWORD)length, &written, NULL);
}

const struct ch_pages ch_pages_os = {
    .os_page_bytes = os_page_bytes,
    .reserve = reserve,
    .commit = commit,
    .decommit = decommit,
    .release = release,
    .commits_zeros = true,
};

// The operating system's pages on Windows: reserve and commit are VirtualAlloc's own.
//
//     reserve    |-----------------------------|      - reserved   # committed
//     commit     |-----|##########|------------|
//     decommit   |-----|##|---|###|------------|      for a moment, under the lock
//                |-----|##########|------------|      then committed again, as zeros
//
// Decommit must leave the range readable, as zeros. MEM_RESET and DiscardVirtualMemory leave
// arbitrary bytes; only pages that are decommitted and committed again are zeros. So decommit
// returns the memory, and keeps the commit charge, which Windows counts too, until the range is
// released. For a moment the range is gone. A thread that reads it then gets an access violation,
// waits until the range is back, and reads again.
//
// There is no `move`: Windows can't give pages another address. This file does not know what pages
// hold.

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

// Retries a read that met a range which was gone and is readable again. Passes every other
// exception on.
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
        // This fails only if another process takes the memory just given back in this moment.
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

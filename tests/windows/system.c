// The promises of Windows' own pages and threads: a decommitted page reads as zeros, and a thread
// that ends gives its number back, however many there were.

#include <comheap/heap.h>
#include <comheap/taskmem.h>

#include <stdio.h>
#include <stdlib.h>

#include "pages/threads.h"

#define THREADS 200

static void expect(bool holds, const char *sentence)
{
    if (!holds) {
        printf("it does not hold that %s\n", sentence);
        exit(1);
    }
}

static DWORD WINAPI allocate_once(void *seen)
{
    CoTaskMemFree(CoTaskMemAlloc(100));
    *(unsigned *)seen = ch_thread_number;
    return 0;
}

static uint64_t numbers_taken(void)
{
    uint64_t taken = ch_threads_hold();
    ch_threads_let_go();
    return taken;
}

static void threads_give_numbers_back(void)
{
    CoTaskMemFree(CoTaskMemAlloc(100));
    uint64_t before = numbers_taken();
    for (int i = 0; i < THREADS; i++) {
        unsigned seen = 0;
        HANDLE thread = CreateThread(NULL, 0, allocate_once, &seen, 0, NULL);
        expect(thread != NULL, "there is a thread");
        (void)WaitForSingleObject(thread, INFINITE);
        (void)CloseHandle(thread);
        expect(seen != 0, "a thread gets a number");
        expect(numbers_taken() == before, "it gives the number back when it ends");
    }
}

static void decommitted_pages_are_zeros(void)
{
    size_t page_bytes = ch_pages_os.os_page_bytes(NULL);
    unsigned char *start = ch_pages_os.reserve(NULL, 4 * page_bytes);
    expect(start != NULL && ch_pages_os.commit(NULL, start, 2 * page_bytes), "pages are committed");
    start[page_bytes] = 1;
    ch_pages_os.decommit(NULL, start + page_bytes, page_bytes);
    MEMORY_BASIC_INFORMATION page;
    expect(VirtualQuery(start + page_bytes, &page, sizeof page) != 0 && page.State == MEM_COMMIT,
           "a decommitted page can be read");
    expect(start[page_bytes] == 0, "it is zeros");
    expect(ch_pages_os.commit(NULL, start + page_bytes, page_bytes), "it is committed again");
    ch_pages_os.release(NULL, start, 4 * page_bytes);
}

int main(void)
{
    threads_give_numbers_back();
    decommitted_pages_are_zeros();
    return 0;
}

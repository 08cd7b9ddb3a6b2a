// The subject ole32 asks the system about addresses that are no blocks. Wine joins a freed block
// with the one before it, but leaves its header. By that it follows a pointer in front of the
// header, where another block may have any bytes by then. Such a question neither ends the process
// nor keeps the lock of the process's heap.

#define WIN32_LEAN_AND_MEAN // No names of COM: they are ours here.
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subjects/subjects.h"

#define BLOCK_BYTES 40000 // So large that Wine joins free neighbours.
#define HEADER_BYTES 8    // Of Wine's, in front of a block.
#define WAIT_MS 10000

static LONG faults;

static LONG WINAPI count_fault(EXCEPTION_POINTERS *exception)
{
    faults += exception->ExceptionRecord->ExceptionCode == EXCEPTION_ACCESS_VIOLATION;
    return EXCEPTION_CONTINUE_SEARCH;
}

static void expect(bool holds, const char *sentence)
{
    if (!holds) {
        printf("it does not hold that %s\n", sentence);
        (void)fflush(stdout);
        _exit(1); // Where the heap is locked, exit would wait.
    }
}

static DWORD WINAPI allocate_once(void *unused)
{
    (void)unused;
    return HeapFree(GetProcessHeap(), 0, HeapAlloc(GetProcessHeap(), 0, 100)) ? 0 : 1;
}

static bool can_another_thread_allocate(void)
{
    HANDLE thread = CreateThread(NULL, 0, allocate_once, NULL, 0, NULL);
    bool has_ended = thread != NULL && WaitForSingleObject(thread, WAIT_MS) == WAIT_OBJECT_0;
    (void)CloseHandle(thread);
    return has_ended;
}

// Frees two neighbours. Returns a block in the place of both, with the header that the second one
// had, amid bytes of 0xA5; NULL: the heap has put it elsewhere.
static unsigned char *replace(const struct heapfuzz_port *port, unsigned char *first,
                              unsigned char *second)
{
    unsigned char header[HEADER_BYTES];
    size_t size_bytes = (size_t)(second - first) + BLOCK_BYTES;
    port->free(first);
    memcpy(header, second - HEADER_BYTES, HEADER_BYTES);
    port->free(second);
    unsigned char *joined = port->allocate(size_bytes);
    if (joined != first) {
        port->free(joined);
        return NULL;
    }
    memset(joined, 0xA5, size_bytes);
    memcpy(second - HEADER_BYTES, header, HEADER_BYTES);
    return joined;
}

int main(void)
{
    const struct heapfuzz_port *port = &subject_find("ole32")->port;
    unsigned char *blocks[20];
    for (unsigned i = 0; i < 20; i++) {
        blocks[i] = port->allocate(BLOCK_BYTES);
        expect(port->owns(blocks[i]) == 1, "a block is the system's");
    }
    // The subject has its own handler from its first question on, and this one before it.
    expect(AddVectoredExceptionHandler(1, count_fault) != NULL, "faults can be counted");
    unsigned joined = 0;
    for (unsigned i = 0; i < 20; i += 2) {
        if (blocks[i + 1] < blocks[i] + 2 * BLOCK_BYTES && blocks[i + 1] > blocks[i]) {
            joined += replace(port, blocks[i], blocks[i + 1]) != NULL;
            int answer = port->owns(blocks[i + 1]);
            expect(answer == 0 || answer == 1, "DidAlloc is 0 or 1");
        }
    }
    printf("%u former blocks amid another's bytes, %ld faults\n", joined, faults);
    expect(joined > 0, "two neighbours are joined");
    expect(can_another_thread_allocate(), "the process's heap is not locked");
    return 0;
}

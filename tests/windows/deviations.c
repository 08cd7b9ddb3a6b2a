// The known differences of Wine's task memory from its documentation, row by row. Each row notes,
// in words, the result of a few calls. For comheap it has to be the contract's, and for the system
// the one listed here. So the list can't go stale: the program fails when Wine follows the contract
// one day, or does a third thing.
//
// Afterwards a spy's state may be anything, so each row runs in a process of its own. The program
// starts itself with the row's name and the name of the task memory.
//
// The behaviour of Windows is not known here. Where there is no Wine, nothing is compared.

#include "listener.h"

#include <comheap/taskmem.h>

#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IS_NOT_WINE 77 // The status that CTest takes for a test that was left out.
#define PATIENCE_MS 1000
#define MUCH_TOO_MANY_BYTES (SIZE_MAX / 2)

// COM's calling convention is C's own on x86-64.
static const struct task {
    const char *name;
    void *(*alloc)(SIZE_T size_bytes);
    void *(*realloc)(void *block, SIZE_T size_bytes);
    void (*free)(void *block);
    HRESULT (*get_malloc)(DWORD context, IMalloc **allocator);
    HRESULT (*register_spy)(IMallocSpy *spy);
    HRESULT (*revoke_spy)(void);
} tasks[] = {
    {"comheap", ch_CoTaskMemAlloc, ch_CoTaskMemRealloc, ch_CoTaskMemFree, ch_CoGetMalloc,
     ch_CoRegisterMallocSpy, ch_CoRevokeMallocSpy},
    {"system", CoTaskMemAlloc, CoTaskMemRealloc, CoTaskMemFree, CoGetMalloc, CoRegisterMallocSpy,
     CoRevokeMallocSpy},
};

static const struct task *task; // The task memory that a row is about.

static IMalloc *allocator(void)
{
    IMalloc *found = NULL;
    (void)task->get_malloc(MEMCTX_TASK, &found);
    return found;
}

static void register_listener(void)
{
    if (task->register_spy(&listener.spy) != S_OK) {
        note("no spy can be registered");
    }
}

// The contract: a spy may ask for more than its caller, and the heap allocates that size. Wine
// allocates the caller's size, so a spy that puts a header in front overruns the block.
static void W1_the_size_that_a_spy_asks_for_is_ignored(void)
{
    register_listener();
    listener.more_bytes = 64;
    note("%zu", (size_t)IMalloc_GetSize(allocator(), task->alloc(100)));
}

// The contract: a block that could not be reallocated is unchanged, and still spied. Wine forgets
// it before it knows.
static void W2_a_failed_reallocation_ends_that_a_block_is_spied(void)
{
    register_listener();
    void *refused = task->alloc(100);
    void *failed = task->alloc(100);
    listener.refuses = true;
    (void)task->realloc(refused, 200);
    listener.refuses = false;
    (void)task->realloc(failed, MUCH_TOO_MANY_BYTES);
    listener.listens = true;
    task->free(refused);
    task->free(failed);
}

// The contract: this frees the block, and the spy hears a free. Wine calls PreRealloc, and to an
// answer of 0, the only one for 0 bytes, the request is refused.
static void W3_a_block_that_is_reallocated_to_nothing_is_leaked(void)
{
    register_listener();
    void *block = task->alloc(100);
    listener.listens = true;
    (void)task->realloc(block, 0);
    listener.listens = false;
    note("DidAlloc %d", IMalloc_DidAlloc(allocator(), block));
}

// The contract: this allocates a block, so a revoke that waits for the last spied block still
// waits. Wine finds NULL in a free place of its table, and counts a block less.
static void W4_reallocating_null_counts_as_a_spied_block(void)
{
    register_listener();
    void *block = task->alloc(100);
    (void)task->revoke_spy();
    listener.listens = true;
    (void)task->realloc(NULL, 8);
    note("freeing");
    task->free(block);
}

// The contract: a reallocated block is still spied, so the spy that is to go stays and gets
// PostRealloc. Wine releases it after PreRealloc, and the caller gets the spy's pointer.
static void W5_a_revoked_spy_goes_amid_a_reallocation(void)
{
    register_listener();
    void *block = task->alloc(100);
    (void)task->revoke_spy();
    listener.listens = true;
    (void)task->realloc(block, 5000);
}

static LONG WINAPI on_crash(EXCEPTION_POINTERS *exception);

// The contract: a spy may hear of any block, also before a block is spied. Wine looks for it in a
// table that it has not made yet.
static void W6_the_size_of_a_block_from_before_is_a_crash(void)
{
    void *old = task->alloc(100);
    register_listener();
    listener.listens = true;
    (void)SetUnhandledExceptionFilter(on_crash);
    note("%zu", (size_t)IMalloc_GetSize(allocator(), old));
}

static void W6_so_is_whether_it_is_a_block(void)
{
    void *old = task->alloc(100);
    register_listener();
    listener.listens = true;
    (void)SetUnhandledExceptionFilter(on_crash);
    note("%d", IMalloc_DidAlloc(allocator(), old));
}

// The contract: PostDidAlloc gets the pointer that the caller asked about. Wine passes the pointer
// that PreDidAlloc made of it.
static void W7_a_spy_is_told_the_pointer_that_it_changed(void)
{
    register_listener();
    listener.shift_bytes = 4;
    void *block = task->alloc(100);
    (void)IMalloc_DidAlloc(allocator(), block);
    note("the caller's and %td bytes",
         (const unsigned char *)listener.asked_about - (unsigned char *)block);
}

// The contract: PostRealloc gets the same fSpyed as PreRealloc. Wine passes that every block is
// spied.
static void W8_every_block_is_spied_to_PostRealloc(void)
{
    void *old = task->alloc(100);
    register_listener();
    (void)task->alloc(100); // Otherwise Wine has no table.
    listener.listens = true;
    (void)task->realloc(old, 200);
}

static void revoke_here(void)
{
    listener.in_pre_alloc = NULL;
    note("%s", task->revoke_spy() == S_OK ? "revoked" : "denied");
}

static DWORD WINAPI revoke_there(void *unused)
{
    (void)unused;
    (void)task->revoke_spy();
    return 0;
}

// The contract: no other call comes between the start of a Pre method and the end of its Post
// method. Wine checks for a spy before it takes the lock, and again after the Pre method. Another
// thread's revoke or register falls in between by chance, so here the spy itself revokes. There is
// no Post method, and the lock is never given back.
static void W9_whether_there_is_a_spy_is_asked_twice(void)
{
    register_listener();
    listener.in_pre_alloc = revoke_here;
    listener.listens = true;
    void *block = task->alloc(100);
    HANDLE thread = CreateThread(NULL, 0, revoke_there, NULL, 0, NULL);
    bool goes_on = thread != NULL && WaitForSingleObject(thread, PATIENCE_MS) == WAIT_OBJECT_0;
    note("another thread %s", goes_on ? "goes on" : "waits");
    if (goes_on) {
        task->free(block);
    }
}

// The contract, also row I5: a query that fails stores NULL. Wine leaves the caller's pointer, and
// the policy leaves_query of subject ole32 says so.
static void W10_a_failed_query_leaves_the_pointer(void)
{
    void *found = &found;
    HRESULT result = IMalloc_QueryInterface(allocator(), &IID_IMallocSpy, &found);
    note("%s %s", result == E_NOINTERFACE ? "E_NOINTERFACE" : "?",
         found == NULL     ? "NULL"
         : found == &found ? "the caller's pointer"
                           : "?");
}

// The contract: to a spy, reallocating NULL is Alloc, and reallocating to 0 bytes is Free. To Wine
// both are Realloc. It takes NULL for a spied block once it has a table, so here it has none yet.
static void W12_reallocating_from_nothing_or_to_nothing_is_told_as_such(void)
{
    register_listener();
    listener.listens = true;
    void *block = task->realloc(NULL, 100);
    note("to nothing");
    (void)task->realloc(block, 0);
}

// The contract: 0 means that this allocator has not allocated the block. Wine's blocks are those of
// the process's heap, and any other block there is a member: policy shares_heap.
static void D6_other_blocks_of_the_process_heap_are_members(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    note("DidAlloc %d", IMalloc_DidAlloc(allocator(), block));
}

static const struct row {
    const char *name;
    void (*run)(void);
    const char *contract;
    const char *listed;
} rows[] = {
#define ROW(name, contract, listed)                                                                \
    {                                                                                              \
#name, name, contract, listed                                                              \
    }
    ROW(W1_the_size_that_a_spy_asks_for_is_ignored, "164", "100"),
    ROW(W2_a_failed_reallocation_ends_that_a_block_is_spied,
        "PreFree 1, PostFree 1, PreFree 1, PostFree 1",
        "PreFree 0, PostFree 0, PreFree 0, PostFree 0"),
    ROW(W3_a_block_that_is_reallocated_to_nothing_is_leaked, "PreFree 1, PostFree 1, DidAlloc 0",
        "PreRealloc 1, DidAlloc 1"),
    ROW(W4_reallocating_null_counts_as_a_spied_block,
        "PreAlloc, PostAlloc, freeing, PreFree 1, PostFree 1", "PreRealloc 1, Release, freeing"),
    ROW(W5_a_revoked_spy_goes_amid_a_reallocation, "PreRealloc 1, PostRealloc 1",
        "PreRealloc 1, Release"),
    ROW(W6_the_size_of_a_block_from_before_is_a_crash, "PreGetSize 0, PostGetSize 0, 100",
        "a crash"),
    ROW(W6_so_is_whether_it_is_a_block, "PreDidAlloc 0, PostDidAlloc 0, 1", "a crash"),
    ROW(W7_a_spy_is_told_the_pointer_that_it_changed, "the caller's and 0 bytes",
        "the caller's and 4 bytes"),
    ROW(W8_every_block_is_spied_to_PostRealloc, "PreRealloc 0, PostRealloc 0",
        "PreRealloc 0, PostRealloc 1"),
    ROW(W9_whether_there_is_a_spy_is_asked_twice,
        "PreAlloc, denied, PostAlloc, another thread goes on, PreFree 1, PostFree 1, Release",
        "PreAlloc, Release, revoked, another thread waits"),
    ROW(W10_a_failed_query_leaves_the_pointer, "E_NOINTERFACE NULL",
        "E_NOINTERFACE the caller's pointer"),
    ROW(W12_reallocating_from_nothing_or_to_nothing_is_told_as_such,
        "PreAlloc, PostAlloc, to nothing, PreFree 1, PostFree 1",
        "PreRealloc 0, PostRealloc 1, to nothing, PreRealloc 1"),
    ROW(D6_other_blocks_of_the_process_heap_are_members, "DidAlloc 0", "DidAlloc 1"),
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct row *row; // The running row.

// Returns the program's status, after a sentence if the notes are not the expected ones.
static int judge(void)
{
    bool is_ours = task == &tasks[0];
    if (strcmp(noted, is_ours ? row->contract : row->listed) == 0) {
        return 0;
    }
    if (is_ours) {
        printf("%s: comheap does not follow the contract\n", row->name);
    } else if (strcmp(noted, row->contract) == 0) {
        printf("%s: this Wine follows the contract, and the list is stale\n", row->name);
    } else {
        printf("%s: this Wine follows neither the list nor the contract\n", row->name);
    }
    printf("  contract: %s\n  listed:   %s\n  seen:     %s\n", row->contract, row->listed, noted);
    return 1;
}

static LONG WINAPI on_crash(EXCEPTION_POINTERS *exception)
{
    (void)exception;
    noted[0] = '\0';
    note("a crash");
    int status = judge();
    (void)fflush(stdout);
    _exit(status);
}

static int run_one(const char *row_name, const char *task_name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        row = strcmp(rows[i].name, row_name) == 0 ? &rows[i] : row;
    }
    task = strcmp(tasks[0].name, task_name) == 0 ? &tasks[0] : &tasks[1];
    if (row == NULL) {
        printf("there is no row %s\n", row_name);
        return 2;
    }
    row->run();
    return judge();
}

static int run_all(const char *program)
{
    int failures = 0;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        const char *row_name = rows[i / 2].name;
        const char *task_name = i % 2 == 0 ? "comheap" : "system";
        intptr_t status = _spawnl(_P_WAIT, program, "deviations", row_name, task_name, NULL);
        if (status != 0) {
            printf("%s, %s: status %d\n", row_name, task_name, (int)status);
            failures++;
        }
    }
    printf("%zu rows, %d failures\n", COUNT_OF(rows), failures);
    return failures > 0;
}

int main(int count, char **words)
{
    if (GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") == NULL) {
        printf("this is not Wine\n");
        return IS_NOT_WINE;
    }
    return count == 3 ? run_one(words[1], words[2]) : run_all(words[0]);
}

// Row A14, section 2.5 and the heap below task memory: how the process's own is made, and how
// another takes its place.
//
// The own heap is made once in a process. So every row that needs it runs in a child process, and
// the rows of the other files never make it. The child's exit status reports whether all held.

#define _GNU_SOURCE // For mmap of memory that is no file, and barriers.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1024 * 1024)

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);          \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static int status_of_child(int (*body)(const void *argument), const void *argument)
{
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(body(argument));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int use_once(const void *argument)
{
    const struct face *face = argument;
    void *block = face->alloc(1024);
    REQUIRE(block != NULL);
    REQUIRE(face->size_bytes(block) == 1024);
    fill(block, 1024, 1);
    block = face->realloc(block, 2048);
    REQUIRE(block != NULL);
    REQUIRE(face->size_bytes(block) == 2048);
    face->free(block);
    REQUIRE(IMalloc_DidAlloc(task_allocator(), block) == 0);
    return 0;
}

static void A14_nothing_has_to_be_initialised(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(use_once, &face_CoTaskMem), 0);
    assert_int_equal(status_of_child(use_once, &face_IMalloc), 0);
    assert_int_equal(status_of_child(use_once, &face_CComHeap), 0);
}

// Every query that needs no block may be the first call, too.
static int ask_first(const void *argument)
{
    unsigned char byte = 0;
    switch (*(const int *)argument) {
    case 0:
        CoTaskMemFree(NULL);
        break;
    case 1:
        REQUIRE(IMalloc_GetSize(task_allocator(), &byte) == (SIZE_T)-1);
        break;
    case 2:
        REQUIRE(IMalloc_DidAlloc(task_allocator(), &byte) == 0);
        break;
    default:
        IMalloc_HeapMinimize(task_allocator());
        break;
    }
    return use_once(&face_CoTaskMem);
}

static void A14_any_call_may_be_the_first(void **state)
{
    (void)state;
    for (int call = 0; call < 4; call++) {
        assert_int_equal(status_of_child(ask_first, &call), 0);
    }
}

#define THREADS 8

struct first_calls {
    pthread_barrier_t start;
    void *blocks[THREADS];
};

struct first_call {
    struct first_calls *all;
    size_t index;
};

static void *call_first(void *argument)
{
    struct first_call *call = argument;
    (void)pthread_barrier_wait(&call->all->start);
    call->all->blocks[call->index] = CoTaskMemAlloc(64);
    return NULL;
}

static int call_first_together(const void *argument)
{
    (void)argument;
    struct first_calls all = {0};
    struct first_call calls[THREADS];
    pthread_t threads[THREADS];
    REQUIRE(pthread_barrier_init(&all.start, NULL, THREADS) == 0);
    for (size_t i = 0; i < THREADS; i++) {
        calls[i] = (struct first_call){.all = &all, .index = i};
        REQUIRE(pthread_create(&threads[i], NULL, call_first, &calls[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        REQUIRE(IMalloc_GetSize(task_allocator(), all.blocks[i]) == 64);
        CoTaskMemFree(all.blocks[i]);
    }
    return 0;
}

// If two threads each made a heap, a block of one would be no block of the other.
static void own_heap_is_made_once_however_many_threads_come_first(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(status_of_child(call_first_together, NULL), 0);
    }
}

static int free_foreign_memory(const void *argument)
{
    (void)argument;
    if (freopen("/dev/null", "w", stderr) == NULL) {
        return 1;
    }
    unsigned char bytes[32];
    CoTaskMemFree(bytes);
    return 0;
}

static void S2_5_1_misuse_of_the_own_heap_aborts(void **state)
{
    (void)state;
    int status = status_of_child(free_foreign_memory, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void *map(size_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *start = mmap(NULL, size_bytes, PROT_NONE, flags, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

// Takes every free range of addresses that has room for this number of bytes.
static void occupy_addresses(size_t size_bytes)
{
    size_t step_bytes = SIZE_MAX / 4 + 1;
    while (step_bytes >= size_bytes) {
        if (map(step_bytes) == NULL) {
            step_bytes /= 2;
        }
    }
}

static int live_on_few_addresses(const void *argument)
{
    (void)argument;
    size_t room_bytes = 65 * MIB;
    void *room = map(room_bytes);
    REQUIRE(room != NULL);
    occupy_addresses(128 * MIB);
    REQUIRE(munmap(room, room_bytes) == 0);
    return use_once(&face_CComHeap);
}

static void own_heap_takes_fewer_addresses_where_there_are_few(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(live_on_few_addresses, NULL), 0);
}

static int live_on_no_addresses(const void *argument)
{
    (void)argument;
    unsigned char byte = 0;
    IMalloc *allocator = task_allocator();
    size_t room_bytes = 128 * MIB;
    void *room = map(room_bytes);
    REQUIRE(room != NULL);
    occupy_addresses(32 * MIB);

    REQUIRE(CoTaskMemAlloc(1) == NULL);
    REQUIRE(CoTaskMemRealloc(NULL, 1) == NULL);
    CoTaskMemFree(NULL);
    REQUIRE(IMalloc_GetSize(allocator, &byte) == (SIZE_T)-1);
    REQUIRE(IMalloc_DidAlloc(allocator, &byte) == 0);
    REQUIRE(IMalloc_DidAlloc(allocator, NULL) == -1);
    IMalloc_HeapMinimize(allocator);

    REQUIRE(munmap(room, room_bytes) == 0);
    return use_once(&face_IMalloc);
}

static void no_own_heap_is_no_memory_until_there_are_addresses(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(live_on_no_addresses, NULL), 0);
}

static int swap_heaps(const void *argument)
{
    (void)argument;
    struct ch_config config = {.arena_bytes = CH_ARENA_BYTES_MIN};
    struct ch_heap *one = ch_heap_create(&config);
    struct ch_heap *other = ch_heap_create(&config);
    REQUIRE(one != NULL && other != NULL);
    void *own_block = CoTaskMemAlloc(100);
    REQUIRE(own_block != NULL);
    fill(own_block, 100, 1);

    REQUIRE(ch_task_heap_use(one) == NULL);
    void *block = CoTaskMemAlloc(200);
    REQUIRE(ch_heap_owns(one, block));
    REQUIRE(IMalloc_DidAlloc(task_allocator(), own_block) == 0);
    REQUIRE(ch_task_heap_use(other) == one);
    REQUIRE(IMalloc_GetSize(task_allocator(), block) == (SIZE_T)-1);
    REQUIRE(ch_task_heap_use(NULL) == other);
    REQUIRE(ch_task_heap_use(NULL) == NULL);

    REQUIRE(IMalloc_GetSize(task_allocator(), own_block) == 100);
    REQUIRE(filled_bytes(own_block, 100, 1) == 100);
    CoTaskMemFree(own_block);
    ch_heap_destroy(one);
    ch_heap_destroy(other);
    return 0;
}

static void another_heap_takes_the_place_of_the_own_one_and_gives_it_back(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(swap_heaps, NULL), 0);
}

static int make_own_heap_after_a_swap(const void *argument)
{
    (void)argument;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = CH_ARENA_BYTES_MIN});
    REQUIRE(heap != NULL);
    REQUIRE(ch_task_heap_use(NULL) == NULL);
    REQUIRE(ch_task_heap_use(heap) == NULL);
    CoTaskMemFree(CoTaskMemAlloc(100));
    REQUIRE(ch_task_heap_use(NULL) == heap);
    ch_heap_destroy(heap);
    return use_once(&face_CoTaskMem);
}

static void own_heap_can_be_made_after_another_was_in_use(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(make_own_heap_after_a_swap, NULL), 0);
}

int run_task_heap_rows(void)
{
    const struct CMUnitTest rows[] = {
        cmocka_unit_test(A14_nothing_has_to_be_initialised),
        cmocka_unit_test(A14_any_call_may_be_the_first),
        cmocka_unit_test(own_heap_is_made_once_however_many_threads_come_first),
        cmocka_unit_test(S2_5_1_misuse_of_the_own_heap_aborts),
        cmocka_unit_test(own_heap_takes_fewer_addresses_where_there_are_few),
        cmocka_unit_test(no_own_heap_is_no_memory_until_there_are_addresses),
        cmocka_unit_test(another_heap_takes_the_place_of_the_own_one_and_gives_it_back),
        cmocka_unit_test(own_heap_can_be_made_after_another_was_in_use),
    };
    return cmocka_run_group_tests_name("task_heap", rows, NULL, NULL);
}

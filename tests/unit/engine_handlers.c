// Fault handlers: their rights, and the default one. A call made for it raises each fault of
// faults.def in turn.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

static unsigned char foreign[32];

// Makes the one call that raises the fault, and returns the pointer that the fault names.
static void *raise_in(struct ch_heap *heap, enum ch_fault fault)
{
    unsigned char *live = ch_heap_alloc(heap, 100);
    unsigned char *dead = ch_heap_alloc(heap, 100);
    ch_heap_free(heap, dead);
    switch (fault) {
    case CH_FAULT_FREE_TWICE:
        ch_heap_free(heap, dead);
        return dead;
    case CH_FAULT_FREE_INTERIOR:
        ch_heap_free(heap, live + 16);
        return live + 16;
    case CH_FAULT_FREE_FOREIGN:
        ch_heap_free(heap, foreign);
        return foreign;
    case CH_FAULT_REALLOC_STALE:
        (void)ch_heap_realloc(heap, dead, 200);
        return dead;
    case CH_FAULT_REALLOC_INTERIOR:
        (void)ch_heap_realloc(heap, live + 16, 200);
        return live + 16;
    case CH_FAULT_REALLOC_FOREIGN:
        (void)ch_heap_realloc(heap, foreign, 200);
        return foreign;
    case CH_FAULTS:
        break;
    }
    return NULL;
}

static void a_handler_may_return(void **state)
{
    (void)state;
    for (unsigned fault = 0; fault < CH_FAULTS; fault++) {
        struct watch watch = watch_open();
        struct ch_heap *heap = watch_heap(&watch, MIB);
        void *block = raise_in(heap, (enum ch_fault)fault);
        watch_expect_fault(&watch, (enum ch_fault)fault, block);
        assert_int_equal(ch_heap_stats(heap).live_blocks, 1);
        assert_int_equal(ch_heap_stats(heap).live_bytes, 100);
        watch_end(&watch, heap);
    }
}

static void leave(void *context, enum ch_fault fault, const void *block)
{
    (void)block;
    longjmp(*(jmp_buf *)context, (int)fault + 1);
}

static void a_handler_may_leave_by_longjmp(void **state)
{
    (void)state;
    for (volatile unsigned fault = 0; fault < CH_FAULTS; fault++) {
        jmp_buf place;
        struct ch_heap *volatile heap = ch_heap_create(&(struct ch_config){
            .arena_bytes = MIB,
            .on_fault = leave,
            .on_fault_context = &place,
        });
        assert_non_null(heap);
        int landed = setjmp(place);
        if (landed == 0) {
            (void)raise_in(heap, (enum ch_fault)fault);
            fail_msg("the handler did not leave");
        }
        assert_int_equal(landed, (int)fault + 1);
        assert_int_equal(ch_heap_stats(heap).live_blocks, 1); // The lock is free.
        assert_string_equal(ch_invariant_sentence(ch_heap_check(heap).invariant), "");
        ch_heap_destroy(heap);
    }
}

struct use {
    struct ch_heap *heap;
    unsigned times;
};

static void use_heap(void *context, enum ch_fault fault, const void *block)
{
    struct use *use = context;
    assert_string_not_equal(ch_fault_sentence(fault), "");
    assert_false(ch_heap_owns(use->heap, block));
    void *small = ch_heap_alloc(use->heap, 10);
    void *large = ch_heap_realloc(use->heap, small, 100000);
    assert_int_equal(ch_heap_size_bytes(use->heap, large), 100000);
    ch_heap_free(use->heap, large);
    ch_heap_minimize(use->heap);
    assert_int_equal(ch_heap_stats(use->heap).live_blocks, 1);
    assert_string_equal(ch_invariant_sentence(ch_heap_check(use->heap).invariant), "");
    if (use->times++ == 0) { // A fault in the handler is like any other.
        ch_heap_free(use->heap, foreign);
    }
}

static void a_handler_may_use_the_heap(void **state)
{
    (void)state;
    for (unsigned fault = 0; fault < CH_FAULTS; fault++) {
        struct use use = {0};
        use.heap = ch_heap_create(&(struct ch_config){
            .arena_bytes = MIB,
            .on_fault = use_heap,
            .on_fault_context = &use,
        });
        assert_non_null(use.heap);
        (void)raise_in(use.heap, (enum ch_fault)fault);
        assert_int_equal(use.times, 2);
        ch_heap_destroy(use.heap);
    }
}

#ifndef _WIN32 // The test forks a child.

// Lets a child raise the fault without a handler. Returns its status; `said` is its standard error.
static int raise_in_child(enum ch_fault fault, char *said, size_t said_bytes)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)raise_in(ch_heap_create(&(struct ch_config){.arena_bytes = MIB}), fault);
        _exit(0);
    }
    (void)close(ends[1]);
    size_t length = 0;
    for (ssize_t got = 1; got > 0 && length < said_bytes - 1; length += (size_t)got) {
        got = read(ends[0], said + length, said_bytes - 1 - length);
        assert_true(got >= 0);
    }
    said[length] = '\0';
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void the_default_handler_says_one_sentence_and_aborts(void **state)
{
    (void)state;
    for (unsigned fault = 0; fault < CH_FAULTS; fault++) {
        char said[512];
        int status = raise_in_child((enum ch_fault)fault, said, sizeof said);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
        char expected[256];
        int length = snprintf(expected, sizeof expected, "comheap: %s: 0x",
                              ch_fault_sentence((enum ch_fault)fault));
        assert_memory_equal(said, expected, (size_t)length);
        uintptr_t block = 0;
        assert_int_equal(sscanf(said + length, "%" SCNxPTR, &block), 1);
        assert_int_equal(block % 16, 0);
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    }
}

#endif

// CH_FAULTS and CH_INVARIANTS end their enumerations and are no member of them.
static void every_fault_and_invariant_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CH_FAULTS; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(ch_fault_sentence((enum ch_fault)i),
                                    ch_fault_sentence((enum ch_fault)j));
        }
        assert_string_not_equal(ch_fault_sentence((enum ch_fault)i), "");
    }
    for (unsigned i = 0; i < CH_INVARIANTS; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(ch_invariant_sentence((enum ch_invariant)i),
                                    ch_invariant_sentence((enum ch_invariant)j));
        }
        assert_string_not_equal(ch_invariant_sentence((enum ch_invariant)i), "");
    }
    assert_string_equal(ch_fault_sentence(CH_FAULTS), "");
    assert_string_equal(ch_invariant_sentence(CH_INVARIANTS), "");
}

int run_handler_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(a_handler_may_return),
        cmocka_unit_test(a_handler_may_leave_by_longjmp),
        cmocka_unit_test(a_handler_may_use_the_heap),
#ifndef _WIN32
        cmocka_unit_test(the_default_handler_says_one_sentence_and_aborts),
#endif
        cmocka_unit_test(every_fault_and_invariant_has_a_sentence_of_its_own),
    };
    return cmocka_run_group_tests_name("fault handlers", claims, NULL, NULL);
}

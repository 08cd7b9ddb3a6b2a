// Section 2.5, of threads: many may use task memory at once, and all have one allocator. The
// programs in tests/threads show at length that races lose nothing.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

#include <pthread.h>
#include <string.h>

#define THREADS 4U
#define STEPS 20000U
#define BLOCKS 32U

// One thread's part. A test can only fail on its own thread, so the others count wrong answers.
struct part {
    const struct face *face;
    unsigned number;
    size_t wrong;
    IMalloc *allocator;
    void *block;
};

static size_t size_of_step(const struct part *part, size_t step)
{
    return 9 + (step * 37 + part->number * 101) % 3000;
}

static bool holds(const unsigned char *block, size_t size_bytes, unsigned byte)
{
    return block[0] == byte && block[size_bytes / 2] == byte && block[size_bytes - 1] == byte;
}

static void *churn_blocks(void *context)
{
    struct part *part = context;
    unsigned char *blocks[BLOCKS] = {0};
    size_t sizes[BLOCKS] = {0};
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = step % BLOCKS;
        size_t size_bytes = size_of_step(part, step);
        if (blocks[i] != NULL) {
            part->wrong += !holds(blocks[i], sizes[i], part->number + 1);
            part->wrong += part->face->size_bytes(blocks[i]) != sizes[i];
        }
        if (step % 3 == 0) {
            part->face->free(blocks[i]);
            blocks[i] = part->face->alloc(size_bytes);
        } else {
            blocks[i] = part->face->realloc(blocks[i], size_bytes);
        }
        if (blocks[i] == NULL) {
            part->wrong++;
            return NULL;
        }
        sizes[i] = size_bytes;
        memset(blocks[i], (int)(part->number + 1), size_bytes);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        part->face->free(blocks[i]);
    }
    return NULL;
}

static void S2_5_2_many_threads_may_allocate_at_once(const struct face *face)
{
    pthread_t threads[THREADS];
    struct part parts[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        parts[i] = (struct part){.face = face, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, churn_blocks, &parts[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(parts[i].wrong, 0);
    }
}

static void *take_a_block(void *context)
{
    struct part *part = context;
    part->wrong = CoGetMalloc(MEMCTX_TASK, &part->allocator) != S_OK;
    part->block = part->face->alloc(100);
    if (part->block != NULL) {
        fill(part->block, 100, 1);
    }
    return NULL;
}

static void S2_5_3_every_thread_has_the_same_allocator(const struct face *face)
{
    pthread_t thread;
    struct part part = {.face = face};
    assert_int_equal(pthread_create(&thread, NULL, take_a_block, &part), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(part.wrong, 0);
    assert_ptr_equal(part.allocator, task_allocator());
    assert_non_null(part.block);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), part.block), 1);
    assert_int_equal(face->size_bytes(part.block), 100);
    assert_filled(part.block, 100, 1);
    face->free(part.block);
}

int run_thread_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(S2_5_2_many_threads_may_allocate_at_once),
        ON_ALL_FACES(S2_5_3_every_thread_has_the_same_allocator),
    };
    return cmocka_run_group_tests_name("threads", rows, NULL, NULL);
}

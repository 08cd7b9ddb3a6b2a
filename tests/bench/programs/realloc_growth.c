// Buffers that grow by realloc: realloc_growth PATTERN ROUNDS.
//
// doubling   two vectors of up to 8 MiB, by turns, each doubled
// half       the same, each by half of its size
// steps      two logs of up to 256 KiB, by turns, each by 100 to 500 bytes, between small blocks
// strings    a thousand strings of up to 2 KiB; some bytes are appended to a random one
//
// Each round starts from nothing.
#include "block.h"

#include <string.h>

enum { VECTOR_BYTES = 8 << 20, LOG_BYTES = 256 << 10, STRINGS = 1000, STRING_BYTES = 2048 };

static void grow_vectors(uint32_t added_part)
{
    struct block vectors[2] = {{0}};
    block_allocate(&vectors[0], 16);
    block_allocate(&vectors[1], 24);
    while (vectors[1].size_bytes < VECTOR_BYTES) {
        for (size_t i = 0; i < 2; i++) {
            uint32_t size_bytes = vectors[i].size_bytes;
            block_reallocate(&vectors[i], size_bytes + size_bytes / added_part);
        }
    }
    block_free(&vectors[0]);
    block_free(&vectors[1]);
}

static void grow_logs(struct draw *draw)
{
    struct block small[64] = {{0}};
    struct block logs[2] = {{0}};
    while (logs[1].size_bytes < LOG_BYTES) {
        for (size_t i = 0; i < 2; i++) {
            struct block *block = &small[draw_below(draw, 64)];
            block_reallocate(&logs[i], logs[i].size_bytes + 100 + draw_below(draw, 400));
            block_free(block);
            block_allocate(block, draw_size(draw, 4, 10));
        }
    }
    for (size_t i = 0; i < 64; i++) {
        block_free(&small[i]);
    }
    block_free(&logs[0]);
    block_free(&logs[1]);
}

static void grow_strings(struct draw *draw)
{
    static struct block strings[STRINGS];
    for (uint32_t appended = 0; appended < 20 * STRINGS; appended++) {
        struct block *string = &strings[draw_below(draw, STRINGS)];
        if (string->start == NULL) {
            block_allocate(string, 1 + draw_below(draw, 32));
        } else if (string->size_bytes >= STRING_BYTES) {
            block_free(string);
        } else {
            block_reallocate(string, string->size_bytes + 1 + draw_below(draw, 128));
        }
    }
    for (size_t i = 0; i < STRINGS; i++) {
        block_free(&strings[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        bench_fail("realloc_growth PATTERN ROUNDS");
    }
    struct draw draw = {4};
    for (uint32_t left = bench_number(argv[2]); left > 0; left--) {
        if (strcmp(argv[1], "doubling") == 0) {
            grow_vectors(1);
        } else if (strcmp(argv[1], "half") == 0) {
            grow_vectors(2);
        } else if (strcmp(argv[1], "steps") == 0) {
            grow_logs(&draw);
        } else if (strcmp(argv[1], "strings") == 0) {
            grow_strings(&draw);
        } else {
            bench_fail("the pattern is doubling, half, steps or strings");
        }
    }
    return EXIT_SUCCESS;
}

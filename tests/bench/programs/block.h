/// Block handling for every program of this folder. A program writes to each page of a block.
/// Before it frees the block, it checks that both ends still hold that value. The random numbers
/// are the same on every run.
///
/// Everything is inline, so that a benchmark calls nothing but the allocator.
#ifndef BENCH_BLOCK_H
#define BENCH_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { OS_PAGE_BYTES = 4096 };

struct block {
    unsigned char *start;
    uint32_t size_bytes;
    unsigned char tag; ///< The value written to it.
};

/// A sequence of numbers (splitmix64). Each thread has one of its own.
struct draw {
    uint64_t state;
};

static inline uint64_t draw_bits(struct draw *draw)
{
    uint64_t bits = draw->state += 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
}

/// Returns a number below that one.
static inline uint32_t draw_below(struct draw *draw, uint32_t limit)
{
    return (uint32_t)(((draw_bits(draw) & UINT32_MAX) * limit) >> 32);
}

/// Returns a size from 2 to that power on, below 2 to the other; each power of two is as likely as
/// the next.
static inline uint32_t draw_size(struct draw *draw, unsigned least_power, unsigned most_power)
{
    uint32_t power = UINT32_C(1) << (least_power + draw_below(draw, most_power - least_power));
    return power + draw_below(draw, power);
}

/// Ends the program: it has seen something that no allocator may do.
static inline void bench_fail(const char *sentence)
{
    fprintf(stderr, "bench: %s\n", sentence);
    _Exit(EXIT_FAILURE);
}

/// Returns a number of the command line, greater than 0.
static inline uint32_t bench_number(const char *text)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);
    if (*end != '\0' || number == 0 || number > UINT32_MAX) {
        bench_fail("an argument has to be a number above 0");
    }
    return (uint32_t)number;
}

/// Writes the tag to a byte of each page from the first on, and to the last byte.
static inline void block_write_from(const struct block *block, size_t first)
{
    for (size_t at = first; at < block->size_bytes; at += OS_PAGE_BYTES) {
        block->start[at] = block->tag;
    }
    if (block->size_bytes > 0) {
        block->start[block->size_bytes - 1] = block->tag;
    }
}

static inline void block_check_ends(const struct block *block)
{
    if (block->size_bytes > 0 &&
        (block->start[0] != block->tag || block->start[block->size_bytes - 1] != block->tag)) {
        bench_fail("a block does not hold the written bytes");
    }
}

/// Takes over the allocator's answer.
static inline void block_hold(struct block *block, void *start, uint32_t size_bytes)
{
    if (start == NULL) {
        bench_fail("no memory");
    }
    block->start = start;
    block->size_bytes = size_bytes;
    // Not the tag of the slot's last block, nor of most other slots' blocks.
    block->tag = (unsigned char)(block->tag * 5U + 1 + (uintptr_t)block / sizeof *block);
    block_write_from(block, 0);
}

static inline void block_allocate(struct block *block, uint32_t size_bytes)
{
    block_hold(block, malloc(size_bytes), size_bytes);
}

static inline void block_allocate_zeros(struct block *block, uint32_t size_bytes)
{
    unsigned char *start = calloc(size_bytes, 1);
    if (start != NULL && size_bytes > 0 && (start[0] | start[size_bytes - 1]) != 0) {
        bench_fail("calloc gave bytes that are not zero");
    }
    block_hold(block, start, size_bytes);
}

/// Allocates a block whose size is a multiple of the alignment.
static inline void block_allocate_aligned(struct block *block, size_t alignment,
                                          uint32_t size_bytes)
{
    void *start = aligned_alloc(alignment, size_bytes);
    if ((uintptr_t)start % alignment != 0) {
        bench_fail("a block is not aligned");
    }
    block_hold(block, start, size_bytes);
}

static inline void block_reallocate(struct block *block, uint32_t size_bytes)
{
    size_t old_bytes = block->size_bytes;
    size_t kept_bytes = old_bytes < size_bytes ? old_bytes : size_bytes;
    block_check_ends(block);
    unsigned char *start = realloc(block->start, size_bytes);
    if (start == NULL) {
        bench_fail("no memory");
    }
    block->start = start;
    block->size_bytes = size_bytes;
    if (kept_bytes > 0 && (start[0] != block->tag ||
                           (kept_bytes == old_bytes && start[kept_bytes - 1] != block->tag))) {
        bench_fail("realloc lost the block's bytes");
    }
    block_write_from(block, kept_bytes);
}

static inline void block_free(struct block *block)
{
    block_check_ends(block);
    free(block->start);
    block->start = NULL;
    block->size_bytes = 0;
}

#endif

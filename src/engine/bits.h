// Bitmaps: a bit per page or per granule, in machine words of 64. Word i / 64 holds bit i.
#ifndef COMHEAP_ENGINE_BITS_H
#define COMHEAP_ENGINE_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ch_bits_get(const uint64_t *bits, uint32_t index)
{
    return (bits[index / 64] >> (index % 64) & 1) != 0;
}

static inline void ch_bits_set(uint64_t *bits, uint32_t index)
{
    bits[index / 64] |= (uint64_t)1 << (index % 64);
}

static inline void ch_bits_clear(uint64_t *bits, uint32_t index)
{
    bits[index / 64] &= ~((uint64_t)1 << (index % 64));
}

/// Returns the first index in [from, end) whose bit is `wanted`; end iff there is none.
static inline uint32_t ch_bits_next(const uint64_t *bits, bool wanted, uint32_t from, uint32_t end)
{
    uint64_t flip = wanted ? 0 : UINT64_MAX;
    while (from < end) {
        uint64_t word = (bits[from / 64] ^ flip) >> (from % 64);
        if (word != 0) {
            uint32_t found = from + (uint32_t)__builtin_ctzll(word);
            return found < end ? found : end;
        }
        from = (from / 64 + 1) * 64;
    }
    return end;
}

/// Returns the last index up to `from` whose bit is set; UINT32_MAX iff there is none.
static inline uint32_t ch_bits_last(const uint64_t *bits, uint32_t from)
{
    uint64_t word = bits[from / 64] << (63 - from % 64);
    while (word == 0) {
        if (from < 64) {
            return UINT32_MAX;
        }
        from = from / 64 * 64 - 1;
        word = bits[from / 64];
    }
    return from - (uint32_t)__builtin_clzll(word);
}

/// Gives every bit of [from, end) the value.
static inline void ch_bits_fill(uint64_t *bits, bool value, uint32_t from, uint32_t end)
{
    while (from < end) {
        uint32_t in_word = 64 - from % 64;
        uint32_t count = end - from < in_word ? end - from : in_word;
        uint64_t mask = (count == 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1) << (from % 64);
        bits[from / 64] = value ? bits[from / 64] | mask : bits[from / 64] & ~mask;
        from += count;
    }
}

#endif

// SHA-1 (FIPS 180-4) of bytes that are all there at once. It finds accidents, and guards nothing.

#include "cli/sha1.h"

#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 64U
#define ROUNDS 80U
#define WORDS 5U

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

static uint32_t mix(unsigned round, const uint32_t state[WORDS])
{
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];
    if (round < 20) {
        return ((b & c) | (~b & d)) + 0x5a827999U;
    }
    if (round >= 40 && round < 60) {
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
    }
    return (b ^ c ^ d) + (round < 40 ? 0x6ed9eba1U : 0xca62c1d6U);
}

static void add_block(uint32_t hash[WORDS], const uint8_t *block)
{
    uint32_t words[ROUNDS];
    uint32_t state[WORDS];
    for (unsigned i = 0; i < 16; i++) {
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (unsigned i = 16; i < ROUNDS; i++) {
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    memcpy(state, hash, sizeof state);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t first = rotate(state[0], 5) + mix(i, state) + state[4] + words[i];
        state[4] = state[3];
        state[3] = state[2];
        state[2] = rotate(state[1], 30);
        state[1] = state[0];
        state[0] = first;
    }
    for (unsigned i = 0; i < WORDS; i++) {
        hash[i] += state[i];
    }
}

void sha1_print(const uint8_t *bytes, size_t size_bytes, char digits[SHA1_DIGITS + 1])
{
    uint32_t hash[WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t tail[2 * BLOCK_BYTES] = {0};
    uint64_t size_bits = (uint64_t)size_bytes * 8;
    size_t whole = size_bytes / BLOCK_BYTES * BLOCK_BYTES;
    size_t rest = size_bytes - whole;
    size_t tail_bytes = rest + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    for (size_t at = 0; at < whole; at += BLOCK_BYTES) {
        add_block(hash, bytes + at);
    }
    for (size_t i = 0; i < rest; i++) {
        tail[i] = bytes[whole + i];
    }
    tail[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++) {
        tail[tail_bytes - 1 - i] = (uint8_t)(size_bits >> (8 * i));
    }
    for (size_t at = 0; at < tail_bytes; at += BLOCK_BYTES) {
        add_block(hash, tail + at);
    }
    for (unsigned i = 0; i < WORDS; i++) {
        (void)snprintf(digits + 8 * i, 9, "%08x", (unsigned)hash[i]);
    }
}

const char *sha1_in_name(const char *name)
{
    const char *hyphen = strrchr(name, '-');
    const char *hash = hyphen == NULL ? name : hyphen + 1;
    bool is_hash = strlen(hash) == SHA1_DIGITS && strspn(hash, "0123456789abcdef") == SHA1_DIGITS;
    return is_hash ? hash : NULL;
}

// Size codes (fuzz/language/size.h): each has a text that gives it back, and means the number that
// the table there gives, on this width of pointers. The test runs where cmocka does not.

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "language/size.h"

static unsigned failures;

static void check(bool holds, const char *claim, const char *text, int line)
{
    if (!holds) {
        printf("line %d: it does not hold that %s: '%s'\n", line, claim, text);
        failures++;
    }
}

#define CHECK(claim, text) check(claim, #claim, text, __LINE__)

// Slot n holds a block of this number of bytes; from slot 4 on there is none.
static const size_t held_bytes[] = {100, 1, SIZE_MAX / 2 + 1, SIZE_MAX};

static size_t size_of(const void *context, uint32_t slot)
{
    CHECK(context == held_bytes, "");
    return slot < 4 ? held_bytes[slot] : 0;
}

static uint32_t code_of(const char *text)
{
    uint32_t code = 0;
    const char *why = "";
    CHECK(size_parse(text, &code, &why), text);
    return code;
}

static void check_gives_back(uint32_t code)
{
    char text[SIZE_TEXT_BYTES + 8];
    memset(text, 0x7f, sizeof text);
    size_print(code, text);
    CHECK(memchr(text, '\0', SIZE_TEXT_BYTES) != NULL, "");
    text[sizeof text - 1] = '\0';
    CHECK(code_of(text) == size_canonical(code), text);
}

static bool is_above_SIZE_MAX(uint32_t code)
{
    return code > size_make(SIZE_LIMIT, 2, 0) && code <= size_make(SIZE_LIMIT, 2, 1023);
}

static void each_code_has_a_text_that_gives_it_back(void)
{
    for (uint32_t code = 0; code < 65536; code++) {
        CHECK(is_above_SIZE_MAX(code) || size_canonical(code) == code, "");
        check_gives_back(code);
    }
}

// A reader never gets a sum that no size can be.
static void what_is_added_to_SIZE_MAX_is_not_written(void)
{
    for (int above = 0; above < 1024; above++) {
        char text[SIZE_TEXT_BYTES];
        uint32_t code = size_make(SIZE_LIMIT, 2, above);
        size_print(code, text);
        CHECK(strcmp(text, "SIZE_MAX") == 0, text);
        CHECK(size_canonical(code) == code_of("SIZE_MAX"), text);
    }
}

static void each_magnitude_of_literal_gives_itself_back(void)
{
    for (uint32_t power = 1; power <= SIZE_LITERAL_MAX; power *= 2) {
        for (uint32_t away = 0; away < 3; away++) {
            uint32_t size_bytes = power - 1 + away;
            if (size_bytes <= SIZE_LITERAL_MAX) {
                uint32_t code = size_literal(size_bytes);
                check_gives_back(code);
                CHECK(size_canonical(code) == code, "");
                CHECK(size_resolve(code, 9, size_of, held_bytes) == size_bytes, "");
            }
        }
    }
    CHECK(size_literal(SIZE_LITERAL_MAX) == 0xffff1fffU, "");
}

static void only_a_literal_has_high_bits(void)
{
    for (uint32_t code = 1 << 13; code < 65536; code++) {
        CHECK(size_canonical(code | 0xabcd0000U) == size_canonical(code), "");
    }
}

static void check_means(const char *text, uint32_t slot, size_t expected)
{
    size_t meant = size_resolve(code_of(text), slot, size_of, held_bytes);
    if (meant != expected) {
        printf("%s of b%u is %zu, expected %zu\n", text, slot, meant, expected);
        failures++;
    }
}

static void absolute_sizes(void)
{
    const size_t page = 4096;
    const size_t mib = (size_t)1024 * 1024;
    check_means("0", 0, 0);
    check_means("536870911", 0, 536870911);
    check_means("0<<15", 0, 0);
    check_means("5<<3", 0, 40);
    check_means("511<<15", 0, (size_t)511 << 15);
    check_means("page*0-4", 0, 0);
    check_means("page*0+3", 0, 3);
    check_means("page*3-1", 0, 3 * page - 1);
    check_means("page*1023+3", 0, 1023 * page + 3);
    check_means("2^2", 0, 4);
    check_means("2^2-5", 0, 0);
    check_means("5*2^0", 0, 5);
    check_means("7*2^10-16", 0, 7 * 1024 - 16);
    check_means("2^31+1", 0, (size_t)INT_MAX + 2);
    check_means("MiB*0", 0, 0);
    check_means("MiB*2047", 0, 2047 * mib);
}

static void limits(void)
{
    check_means("INT_MAX", 0, INT_MAX);
    check_means("INT_MAX+1", 0, (size_t)INT_MAX + 1);
    check_means("INT_MAX-1024", 0, (size_t)INT_MAX - 1024);
    check_means("UINT_MAX", 0, UINT_MAX);
    check_means("UINT_MAX-1", 0, (size_t)UINT_MAX - 1);
    check_means("PTRDIFF_MAX+1", 0, (size_t)PTRDIFF_MAX + 1);
    check_means("SIZE_MAX", 0, SIZE_MAX);
    check_means("SIZE_MAX-1024", 0, SIZE_MAX - 1024);
}

static void nothing_is_above_SIZE_MAX(void)
{
    const bool is_wide = SIZE_MAX > UINT32_MAX; // A size can be above 32 bits.
    check_means("SIZE_MAX+1", 0, SIZE_MAX);
    check_means("SIZE_MAX+1023", 0, SIZE_MAX);
    check_means("2^31", 0, (size_t)1 << 31);
    check_means("7*2^29", 0, (size_t)7 << 29);
    check_means("7*2^30", 0, is_wide ? (size_t)((uint64_t)7 << 30) : SIZE_MAX);
    check_means("2^63", 0, is_wide ? (size_t)((uint64_t)1 << 63) : SIZE_MAX);
    check_means("7*2^61", 0, is_wide ? (size_t)((uint64_t)7 << 61) : SIZE_MAX);
    check_means("7*2^62", 0, SIZE_MAX);
    check_means("2^64", 0, SIZE_MAX);
    check_means("2^65", 0, SIZE_MAX);
    check_means("7*2^63", 0, SIZE_MAX);
    check_means("2^65+15", 0, SIZE_MAX);
    check_means("UINT_MAX+1", 0, is_wide ? (size_t)((uint64_t)UINT_MAX + 1) : SIZE_MAX);
    check_means("MiB*8191", 0, is_wide ? (size_t)((uint64_t)8191 << 20) : SIZE_MAX);
    check_means("2^32", 0, is_wide ? (size_t)((uint64_t)1 << 32) : SIZE_MAX);
    check_means("size*2", 2, SIZE_MAX);
    check_means("size*4", 3, SIZE_MAX);
    check_means("size+1", 3, SIZE_MAX);
    check_means("size(b3)+15", 0, SIZE_MAX);
}

static void relative_sizes(void)
{
    check_means("size", 0, 100);
    check_means("size*3+1", 0, 301);
    check_means("size/2", 0, 50);
    check_means("size/3", 0, 33);
    check_means("size/8-1", 0, 11);
    check_means("size-101", 0, 0);
    check_means("size-512", 1, 0);
    check_means("size+511", 9, 511); // Where the slot holds nothing.
    check_means("size/2", 3, SIZE_MAX / 2);
    check_means("size(b0)", 9, 100);
    check_means("size(b0)-16", 1, 84);
    check_means("size(b1)-16", 0, 0);
    check_means("size(b255)+15", 0, 15);
}

static void a_sign_before_0_is_read(void)
{
    CHECK(code_of("size+0") == code_of("size"), "size+0");
    CHECK(code_of("INT_MAX-0") == code_of("INT_MAX"), "INT_MAX-0");
    CHECK(code_of("size(b7)+0") == code_of("size(b7)"), "size(b7)+0");
}

int main(void)
{
    each_code_has_a_text_that_gives_it_back();
    each_magnitude_of_literal_gives_itself_back();
    only_a_literal_has_high_bits();
    absolute_sizes();
    limits();
    nothing_is_above_SIZE_MAX();
    what_is_added_to_SIZE_MAX_is_not_written();
    relative_sizes();
    a_sign_before_0_is_read();
    return failures == 0 ? 0 : 1;
}

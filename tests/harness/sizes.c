// Size codes (fuzz/harness/size.h): each has a text that gives it back, and means the number that
// the table there says, on this width of pointers.

#include "../unit/cmocka_headers.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "harness/size.h"

// Slot n holds a block of so many bytes; from slot 4 on there is none.
static const size_t held_bytes[] = {100, 1, SIZE_MAX / 2 + 1, SIZE_MAX};

static size_t size_of(const void *context, uint32_t slot)
{
    assert_ptr_equal(context, held_bytes);
    return slot < 4 ? held_bytes[slot] : 0;
}

static uint32_t code_of(const char *text)
{
    uint32_t code = 0;
    const char *why = "";
    if (!size_parse(text, &code, &why)) {
        fail_msg("%s: %s", text, why);
    }
    return code;
}

static void assert_gives_back(uint32_t code)
{
    char text[SIZE_TEXT_BYTES + 8];
    memset(text, 0x7f, sizeof text);
    size_print(code, text);
    assert_non_null(memchr(text, '\0', SIZE_TEXT_BYTES));
    assert_int_equal(code_of(text), size_canonical(code));
}

static void test_each_code_has_a_text_that_gives_it_back(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 65536; code++) {
        assert_int_equal(size_canonical(code), code);
        assert_gives_back(code);
    }
}

static void test_each_magnitude_of_literal_gives_itself_back(void **state)
{
    (void)state;
    for (uint32_t power = 1; power <= SIZE_LITERAL_MAX; power *= 2) {
        for (uint32_t away = 0; away < 3; away++) {
            uint32_t size_bytes = power - 1 + away;
            if (size_bytes <= SIZE_LITERAL_MAX) {
                uint32_t code = size_literal(size_bytes);
                assert_gives_back(code);
                assert_int_equal(size_canonical(code), code);
                assert_true(size_resolve(code, 9, size_of, held_bytes) == size_bytes);
            }
        }
    }
    assert_int_equal(size_literal(SIZE_LITERAL_MAX), 0xffff1fffU);
}

static void test_only_a_literal_has_high_bits(void **state)
{
    (void)state;
    for (uint32_t code = 1 << 13; code < 65536; code++) {
        assert_int_equal(size_canonical(code | 0xabcd0000U), code);
    }
}

static void assert_means(const char *text, uint32_t slot, size_t expected)
{
    size_t meant = size_resolve(code_of(text), slot, size_of, held_bytes);
    if (meant != expected) {
        fail_msg("%s of b%u is %zu, expected %zu", text, slot, meant, expected);
    }
}

static void test_absolute_sizes(void **state)
{
    (void)state;
    const size_t page = 4096;
    const size_t mib = (size_t)1024 * 1024;
    assert_means("0", 0, 0);
    assert_means("536870911", 0, 536870911);
    assert_means("0<<15", 0, 0);
    assert_means("5<<3", 0, 40);
    assert_means("511<<15", 0, (size_t)511 << 15);
    assert_means("page*0-4", 0, 0);
    assert_means("page*0+3", 0, 3);
    assert_means("page*3-1", 0, 3 * page - 1);
    assert_means("page*1023+3", 0, 1023 * page + 3);
    assert_means("2^2", 0, 4);
    assert_means("2^2-5", 0, 0);
    assert_means("5*2^0", 0, 5);
    assert_means("7*2^10-16", 0, 7 * 1024 - 16);
    assert_means("2^31+1", 0, (size_t)INT_MAX + 2);
    assert_means("MiB*0", 0, 0);
    assert_means("MiB*2047", 0, 2047 * mib);
}

static void test_limits(void **state)
{
    (void)state;
    assert_means("INT_MAX", 0, INT_MAX);
    assert_means("INT_MAX+1", 0, (size_t)INT_MAX + 1);
    assert_means("INT_MAX-1024", 0, (size_t)INT_MAX - 1024);
    assert_means("UINT_MAX", 0, UINT_MAX);
    assert_means("UINT_MAX-1", 0, (size_t)UINT_MAX - 1);
    assert_means("PTRDIFF_MAX+1", 0, (size_t)PTRDIFF_MAX + 1);
    assert_means("SIZE_MAX", 0, SIZE_MAX);
    assert_means("SIZE_MAX-1024", 0, SIZE_MAX - 1024);
}

static void test_nothing_is_above_SIZE_MAX(void **state)
{
    (void)state;
    const bool is_wide = SIZE_MAX > UINT32_MAX; // A size can be above 32 bits.
    assert_means("SIZE_MAX+1", 0, SIZE_MAX);
    assert_means("SIZE_MAX+1023", 0, SIZE_MAX);
    assert_means("2^65", 0, SIZE_MAX);
    assert_means("7*2^63", 0, SIZE_MAX);
    assert_means("2^65+15", 0, SIZE_MAX);
    assert_means("UINT_MAX+1", 0, is_wide ? (size_t)((uint64_t)UINT_MAX + 1) : SIZE_MAX);
    assert_means("MiB*8191", 0, is_wide ? (size_t)((uint64_t)8191 << 20) : SIZE_MAX);
    assert_means("2^32", 0, is_wide ? (size_t)((uint64_t)1 << 32) : SIZE_MAX);
    assert_means("size*2", 2, SIZE_MAX);
    assert_means("size*4", 3, SIZE_MAX);
    assert_means("size+1", 3, SIZE_MAX);
    assert_means("size(b3)+15", 0, SIZE_MAX);
}

static void test_relative_sizes(void **state)
{
    (void)state;
    assert_means("size", 0, 100);
    assert_means("size*3+1", 0, 301);
    assert_means("size/2", 0, 50);
    assert_means("size/3", 0, 33);
    assert_means("size/8-1", 0, 11);
    assert_means("size-101", 0, 0);
    assert_means("size-512", 1, 0);
    assert_means("size+511", 9, 511); // Where the slot holds nothing.
    assert_means("size/2", 3, SIZE_MAX / 2);
    assert_means("size(b0)", 9, 100);
    assert_means("size(b0)-16", 1, 84);
    assert_means("size(b1)-16", 0, 0);
    assert_means("size(b255)+15", 0, 15);
}

static void test_a_sign_before_0_is_read(void **state)
{
    (void)state;
    assert_int_equal(code_of("size+0"), code_of("size"));
    assert_int_equal(code_of("INT_MAX-0"), code_of("INT_MAX"));
    assert_int_equal(code_of("size(b7)+0"), code_of("size(b7)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_code_has_a_text_that_gives_it_back),
        cmocka_unit_test(test_each_magnitude_of_literal_gives_itself_back),
        cmocka_unit_test(test_only_a_literal_has_high_bits),
        cmocka_unit_test(test_absolute_sizes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_nothing_is_above_SIZE_MAX),
        cmocka_unit_test(test_relative_sizes),
        cmocka_unit_test(test_a_sign_before_0_is_read),
    };
    return cmocka_run_group_tests_name("sizes", tests, NULL, NULL) == 0 ? 0 : 1;
}

// Tables of findings, to the letter: of blocks of one byte and of 2 GiB, of two that overlap, of
// addresses in no block, and of bytes that are not those written.
//
// The blocks are only the model's: nothing is at their addresses, except where bytes are compared.

#include "findings/table.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/cmocka_headers.h"
#include "laws/fill.h"
#include "laws/place.h"

static const struct subject planted = {.name = "planted",
                                       .port = {.policies = {.alignment_bytes = 16}}};
static struct op ops[] = {{VERB_ALLOCATE, 0, 0}, {VERB_ALLOCATE, 1, 0}, {VERB_REALLOCATE, 1, 0}};
static const struct program program = {ops, 3, 3};
#define ANSWER                                                                                     \
    {                                                                                              \
        .kind = ANSWER_POINTER, .is_made = true, .value = 1, .size_bytes = 1                       \
    }
static struct answer answers[] = {ANSWER, ANSWER, ANSWER, {0}};
static struct run run = {
    .plan = {.subject = &planted}, .program = &program, .op_index = 2, .answers = answers};

#define HEADER "    address         block              size  by op  remark\n"

static char *printed(void)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    assert_non_null(file);
    table_print(file, &run);
    assert_int_equal(fclose(file), 0);
    model_clear();
    return text;
}

static void expect_table(const char *expected)
{
    char *text = printed();
    assert_string_equal(text, expected);
    free(text);
}

static void *at(uintptr_t address)
{
    return (void *)address;
}

static void a_byte_can_be_read_beside_two_gib(void **state)
{
    (void)state;
    assert_int_equal(model_begin(0, at(0x1000), 1), SLOTS);
    assert_int_equal(model_begin(2, at(0x1010), 0x7fffffff), SLOTS);
    place_byte(0, 1, "can be touched");
    expect_table(HEADER
                 "    0x1000          b0                    1      1  can be touched: byte 1\n"
                 "    0x1001          slack                15\n"
                 "    0x1010          b2           2147483647\n");
}

static void a_block_from_another_lane_is_said_to_be(void **state)
{
    (void)state;
    model_enter(LANE_LAST);
    assert_int_equal(model_begin(0, at(0x1000), 1), SLOTS);
    model_enter(LANE_FIRST);
    place_byte(0, 1, "can be touched");
    expect_table(HEADER "    0x1000          b0                    1      1  "
                        "can be touched: byte 1, from the last lane\n");
}

static void one_that_overlaps_is_said_to(void **state)
{
    (void)state;
    assert_int_equal(model_begin(0, at(0x1000), 33), SLOTS);
    place_overlap(1, at(0x1010), 33, 0);
    expect_table(HEADER "    0x1000          b0                   33      1\n"
                        "    0x1010          b1                   33      2  "
                        "overlaps b0 by 17 bytes, resized by op 3\n");
}

static void one_within_another_comes_after_it(void **state)
{
    (void)state;
    assert_int_equal(model_begin(0, at(0x1000), 64), SLOTS);
    assert_int_equal(model_begin(2, at(0x1050), 16), SLOTS);
    place_overlap(1, at(0x1010), 0, 0);
    expect_table(HEADER "    0x1000          b0                   64      1\n"
                        "    0x1010          b1                    0      2  "
                        "overlaps b0 by 1 byte, resized by op 3\n"
                        "    0x1040          free                 16\n"
                        "    0x1050          b2                   16\n");
}

static void an_address_in_no_block_has_a_row(void **state)
{
    (void)state;
    assert_int_equal(model_begin(2, at(0x1000), 16), SLOTS);
    assert_int_equal(model_begin(3, at(0x2000), 16), SLOTS);
    assert_int_equal(model_begin(4, at(0x2010), 16), SLOTS);
    place_address(at(0x1800), "asked about");
    expect_table(HEADER "    0x1000          b2                   16\n"
                        "    0x1010          free               2032\n"
                        "    0x1800                                          asked about\n"
                        "    0x1800          free               2048\n"
                        "    0x2000          b3                   16\n");
    place_address(at(0x1800), "asked about");
    expect_table(HEADER "    0x1800                                          asked about\n");
}

static void an_address_in_a_block_is_in_its_row(void **state)
{
    (void)state;
    assert_int_equal(model_begin(2, at(0x1000), 16), SLOTS);
    assert_int_equal(model_begin(3, at(0x1010), 16), SLOTS);
    place_address(at(0x1010), "asked about");
    expect_table(HEADER "    0x1010          b3                   16         asked about\n");
    assert_int_equal(model_begin(2, at(0x1000), 16), SLOTS);
    place_address(at(0x1005), "asked about");
    expect_table(HEADER "    0x1000          b2                   16         "
                        "asked about: byte 5\n");
}

static void the_blocks_between_are_counted(void **state)
{
    (void)state;
    const struct held written = {.block = at(0x1000), .size_bytes = 16};
    assert_int_equal(model_begin(2, at(0x1010), 16), SLOTS);
    assert_int_equal(model_begin(3, at(0x1020), 16), SLOTS);
    assert_int_equal(model_begin(4, at(0x1030), 16), SLOTS);
    assert_int_equal(model_begin(1, at(0x1040), 16), SLOTS);
    assert_int_equal(model_begin(5, at(0x1050), 16), SLOTS);
    place_wrong(1, 15, &written, 16);
    place.has_bytes = false; // There are none.
    expect_table(HEADER "    0x1000          b1, before           16      2\n"
                        "    0x1010          2 blocks             32\n"
                        "    0x1030          b4                   16\n"
                        "    0x1040          b1                   16      2  "
                        "first wrong byte: byte 15, resized by op 3\n"
                        "    0x1050          b5                   16\n");
}

static void a_freed_block_is_said_to_be(void **state)
{
    (void)state;
    assert_int_equal(model_begin(2, at(0x1000), 16), SLOTS);
    place_gone(0, at(0x1020), 17, "can be touched");
    expect_table(HEADER "    0x1000          b2                   16\n"
                        "    0x1010          free                 16\n"
                        "    0x1020          b0, freed            17      1  can be touched\n");
}

static void wrong_bytes_are_shown_beside_those_expected(void **state)
{
    (void)state;
    static unsigned char block[20];
    fill_write(block, sizeof block, fill_of(7));
    unsigned right = block[17];
    block[17] ^= 0xff;
    assert_int_equal(model_begin(0, block, sizeof block), SLOTS);
    const struct held written = {.block = block, .size_bytes = sizeof block, .fill = fill_of(7)};
    place_wrong(0, fill_find_wrong(block, sizeof block, fill_of(7), sizeof block), &written,
                sizeof block);
    char expected[400];
    (void)snprintf(expected, sizeof expected,
                   HEADER "    %-15s b0                   20      1  first wrong byte: 17\n"
                          "    from there on   expected %02x %02x %02x\n"
                          "                       found %02x  =  =\n",
                   place_pointer((uintptr_t)block), right, block[18], block[19], block[17]);
    expect_table(expected);
}

static void all_of_the_heap_is_no_table(void **state)
{
    (void)state;
    assert_int_equal(model_begin(0, at(0x1000), 16), SLOTS);
    place_heap(); // The world holds no page.
    expect_table("");
    place_clear();
    expect_table("");
}

static void an_address_is_told_by_the_block_it_is_in(void **state)
{
    (void)state;
    assert_int_equal(model_begin(3, at(0x1000), 16), SLOTS);
    assert_string_equal(place_name(0), "NULL");
    assert_string_equal(place_name(0x1000), "0x1000, where b3 begins");
    assert_string_equal(place_name(0x1005), "0x1005, byte 5 of b3");
    assert_string_equal(place_name(0x1010), "0x1010, byte 16 of b3");
    assert_string_equal(place_name(0x1011), "0x1011");
    assert_int_equal(model_begin(4, at(0x1010), 16), SLOTS);
    assert_string_equal(place_name(0x1010), "0x1010, where b4 begins");
    model_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_can_be_read_beside_two_gib),
        cmocka_unit_test(a_block_from_another_lane_is_said_to_be),
        cmocka_unit_test(one_that_overlaps_is_said_to),
        cmocka_unit_test(one_within_another_comes_after_it),
        cmocka_unit_test(an_address_in_no_block_has_a_row),
        cmocka_unit_test(an_address_in_a_block_is_in_its_row),
        cmocka_unit_test(the_blocks_between_are_counted),
        cmocka_unit_test(a_freed_block_is_said_to_be),
        cmocka_unit_test(wrong_bytes_are_shown_beside_those_expected),
        cmocka_unit_test(all_of_the_heap_is_no_table),
        cmocka_unit_test(an_address_is_told_by_the_block_it_is_in),
    };
    model_enter(LANE_FIRST);
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}

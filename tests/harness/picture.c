// Pictures, to the letter: of blocks of one byte and of 2 GiB side by side, of two that overlap,
// and of bytes that are not what was written.
//
// The blocks are only the model's: nothing is at their addresses but where bytes are compared.

#include "findings/picture.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/cmocka_headers.h"
#include "laws/fill.h"
#include "laws/place.h"

static const struct subject planted = {.name = "planted", .policies = {.alignment_bytes = 16}};
static struct op ops[] = {{VERB_ALLOCATE, 0, 0}, {VERB_ALLOCATE, 1, 0}, {VERB_REALLOCATE, 1, 0}};
static const struct program program = {ops, 3, 3};
#define ANSWER                                                                                     \
    {                                                                                              \
        .kind = ANSWER_POINTER, .is_made = true, .value = 1, .size_bytes = 1                       \
    }
static struct answer answers[] = {ANSWER, ANSWER, ANSWER, {0}};
static struct run run = {
    .plan = {.subject = &planted}, .program = &program, .op_index = 2, .answers = answers};

static void expect_picture(const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    assert_non_null(file);
    picture_draw(file, &run);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, expected);
    free(text);
    model_clear();
}

static void *at(uintptr_t address)
{
    return (void *)address;
}

static void a_byte_can_be_read_beside_two_gib(void **state)
{
    (void)state;
    assert_int_equal(model_begin(0, at(0x1000), 1), SLOTS);
    assert_int_equal(model_begin(1, at(0x1010), 0x7fffffff), SLOTS);
    place_byte(0, 1, "can be touched");
    expect_picture("    0x1000                  0x1010\n"
                   "    | b0: 1 byte | slack 15 | b1: 2147483647 |\n"
                   "                  ^ can be touched\n"
                   "    b0 was allocated by op 1\n");
}

static void a_block_from_another_lane_is_said_to_be(void **state)
{
    (void)state;
    model_enter(LANE_LAST);
    assert_int_equal(model_begin(0, at(0x1000), 1), SLOTS);
    model_enter(LANE_FIRST);
    assert_int_equal(model_begin(1, at(0x1010), 1), SLOTS);
    place_byte(0, 1, "can be touched");
    expect_picture("    0x1000                  0x1010\n"
                   "    | b0: 1 byte | slack 15 | b1: 1 |\n"
                   "                  ^ can be touched\n"
                   "    b0 was allocated by op 1, from the last lane\n");
}

static void two_that_overlap_are_on_two_lines(void **state)
{
    (void)state;
    assert_int_equal(model_begin(0, at(0x1000), 33), SLOTS);
    place_overlap(1, at(0x1010), 33, 0);
    expect_picture("    0x1000\n"
                   "    | b0: 33 bytes |\n"
                   "       | b1: 33 bytes |\n"
                   "        ^^^^^^^^^^^ in both\n"
                   "    b0 was allocated by op 1\n"
                   "    b1 was allocated by op 2 and given this size by op 3\n");
}

static void what_lies_between_is_said(void **state)
{
    (void)state;
    assert_int_equal(model_begin(0, at(0x1000), 16), SLOTS);
    assert_int_equal(model_begin(1, at(0x2000), 16), SLOTS);
    assert_int_equal(model_begin(2, at(0x2010), 16), SLOTS);
    place_address(at(0x1800), "asked about");
    expect_picture("    0x1000               0x2000\n"
                   "    | b0: 16 | free 4080 | b1: 16 |\n"
                   "                   ^ asked about\n");
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
    char *text = NULL;
    size_t length;
    char expected[200];
    (void)snprintf(expected, sizeof expected,
                   "    bytes from 16       16 17 18 19\n"
                   "               expected %02x %02x %02x %02x\n"
                   "                  found  = %02x  =  =\n",
                   block[16], right, block[18], block[19], block[17]);
    FILE *file = open_memstream(&text, &length);
    assert_non_null(file);
    picture_draw(file, &run);
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(text, "^ the first wrong byte"));
    assert_non_null(strstr(text, expected));
    free(text);
    model_clear();
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
        cmocka_unit_test(two_that_overlap_are_on_two_lines),
        cmocka_unit_test(what_lies_between_is_said),
        cmocka_unit_test(wrong_bytes_are_shown_beside_those_expected),
        cmocka_unit_test(an_address_is_told_by_the_block_it_is_in),
    };
    model_enter(LANE_FIRST);
    return cmocka_run_group_tests_name("pictures", tests, NULL, NULL);
}

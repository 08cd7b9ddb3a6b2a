// The laws of the op language: programs, their bytes and their text (language/op.h, text.h).
//
// Thousands of programs test each law: random ones of a fixed seed, and every verb and every size
// code of sixteen bits.

#include "../unit/cmocka_headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/op.h"
#include "language/size.h"
#include "language/text.h"

#define PROGRAMS 2000U
#define OPS_MOST 40U
#define BYTES_MOST (OPS_MOST * 2 * RECORD_BYTES)
#define WIDE_VERB 31U // Also the mask of the bits that hold a verb.

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % bound;
}

static int begin_random(void **state)
{
    (void)state;
    random_state = 0x9e3779b97f4a7c15U;
    return 0;
}

// Small and large sizes as often as each other, in every form.
static uint32_t random_size_code(void)
{
    switch (random_below(3)) {
    case 0:
        return random_below(65536);
    case 1:
        return size_literal(random_below(SIZE_LITERAL_MAX + 1));
    default:
        return size_literal(SIZE_LITERAL_MAX >> random_below(30));
    }
}

static struct op random_op(void)
{
    struct op op = {
        .verb = (enum verb)random_below(VERBS),
        .slot = (uint16_t)random_below(random_below(2) == 0 ? SLOTS : 64),
        .size_code = random_size_code(),
    };
    return op_canonical(op);
}

static void make_random(struct program *program)
{
    program_clear(program);
    for (uint32_t left = random_below(OPS_MOST + 1); left > 0; left--) {
        program_add(program, random_op());
    }
}

static void fill_random(uint8_t *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = (uint8_t)random_below(256);
    }
}

static void assert_same_op(struct op op, struct op expected)
{
    assert_int_equal(op.verb, expected.verb);
    assert_int_equal(op.slot, expected.slot);
    assert_int_equal(op.size_code, expected.size_code);
}

static void assert_same(const struct program *program, const struct program *expected)
{
    assert_int_equal(program->count, expected->count);
    for (size_t i = 0; i < program->count; i++) {
        assert_same_op(program->ops[i], expected->ops[i]);
    }
}

// The programs of a test; the teardown frees their memory.
static struct program made, read_back;

static int close_programs(void **state)
{
    (void)state;
    program_close(&made);
    program_close(&read_back);
    return 0;
}

static void test_bytes_give_the_program_back(void **state)
{
    (void)state;
    uint8_t bytes[BYTES_MOST];
    for (unsigned i = 0; i < PROGRAMS; i++) {
        make_random(&made);
        size_t size_bytes = program_encode(&made, bytes, sizeof bytes);
        assert_true(size_bytes <= sizeof bytes);
        program_decode(&read_back, bytes, size_bytes);
        assert_same(&read_back, &made);
    }
}

static void test_each_verb_keeps_the_widest_operands(void **state)
{
    (void)state;
    static const uint16_t slots[] = {0, 1, 2047, 2048, 65534, 65535};
    static const uint32_t sizes[] = {0, 8191, 8192, 65535, 65536, SIZE_LITERAL_MAX};
    uint8_t bytes[BYTES_MOST];
    for (unsigned i = 0; i < VERBS * 36; i++) {
        struct op op = {
            .verb = (enum verb)(i / 36),
            .slot = slots[i / 6 % 6],
            .size_code = size_literal(sizes[i % 6]),
        };
        program_clear(&made);
        program_add(&made, op);
        program_decode(&read_back, bytes, program_encode(&made, bytes, sizeof bytes));
        assert_int_equal(read_back.count, 1);
        const char *operands = verb_operands(op.verb);
        bool has_slot = strchr(operands, 's') != NULL || strchr(operands, 'n') != NULL;
        assert_int_equal(read_back.ops[0].verb, op.verb);
        assert_int_equal(read_back.ops[0].slot, has_slot ? op.slot : 0);
        assert_int_equal(read_back.ops[0].size_code,
                         strchr(operands, 'z') != NULL ? op.size_code : 0);
    }
}

static void test_encode_stays_within_its_room(void **state)
{
    (void)state;
    uint8_t bytes[BYTES_MOST];
    make_random(&made);
    program_add(&made, random_op());
    size_t size_bytes = program_encode(&made, NULL, 0);
    for (size_t room = 0; room <= size_bytes; room++) {
        memset(bytes, 0xa5, sizeof bytes);
        assert_int_equal(program_encode(&made, bytes, room), size_bytes);
        for (size_t i = room; i < sizeof bytes; i++) {
            assert_int_equal(bytes[i], 0xa5);
        }
    }
}

static void test_every_byte_string_is_a_program(void **state)
{
    (void)state;
    uint8_t bytes[9 + RECORD_BYTES];
    for (unsigned i = 0; i < PROGRAMS * 10; i++) {
        size_t size_bytes = i % 10;
        memset(bytes, 0, sizeof bytes);
        fill_random(bytes, size_bytes);
        program_decode(&made, bytes, size_bytes);
        size_t records = (size_bytes + RECORD_BYTES - 1) / RECORD_BYTES;
        size_t wide = 0;
        for (size_t record = 0; record < records; record++) {
            wide += (bytes[record * RECORD_BYTES] & WIDE_VERB) == WIDE_VERB;
        }
        assert_int_equal(made.count, records - wide);
        program_decode(&read_back, bytes, records * RECORD_BYTES); // As if zeros followed.
        assert_same(&made, &read_back);
    }
}

static void test_decoding_is_stable(void **state)
{
    (void)state;
    uint8_t bytes[BYTES_MOST / 2];
    uint8_t again[BYTES_MOST];
    for (unsigned i = 0; i < PROGRAMS; i++) {
        size_t size_bytes = random_below(sizeof bytes + 1);
        fill_random(bytes, size_bytes);
        program_decode(&made, bytes, size_bytes);
        program_decode(&read_back, again, program_encode(&made, again, sizeof again));
        assert_same(&read_back, &made);
    }
}

static void test_zeros_are_the_smallest_op(void **state)
{
    (void)state;
    static const uint8_t zeros[RECORD_BYTES];
    char text[TEXT_OP_BYTES];
    for (size_t size_bytes = 1; size_bytes <= RECORD_BYTES; size_bytes++) {
        program_decode(&made, zeros, size_bytes);
        assert_int_equal(made.count, 1);
        text_print_op(made.ops[0], text);
        assert_string_equal(text, "allocate b0 0");
    }
    program_decode(&made, NULL, 0);
    assert_int_equal(made.count, 0);
}

// Saved corpora keep their meaning: verbs have the numbers and fields the places that they had.
static void test_bytes_mean_what_they_meant(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size_bytes;
        const char *text;
    } known[] = {
        {"\xa0\x00\x64\x00", 4, "allocate b5 100"},
        {"\x01\x01\x00\x00", 4, "free b8"},
        {"\xe2\xff\xff\x1f", 4, "reallocate b2047 8191"},
        {"\x03", 1, "size b0"},
        {"\xe9\xff\x00\x00", 4, "repeat 2047"},
        {"\xff\x03\xff\xff\xe0\xff\xff\x1f", 8, "allocate b65535 536870911"},
        {"\x3f\x00\x00\x00\x21\x00\x00\x00", 8, "free b2049"},
        {"\x34\x00\x00\x00", 4, "query 1"},
        {"\x5a\x00\x00\x00", 4, "lane 2"},
        {"\x1d\x00\x00\x00", 4, "allocate_zeroed b0 0"},
        {"\x7e\x00\x00\x00", 4, "align 3"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[TEXT_OP_BYTES];
        program_decode(&made, (const uint8_t *)known[i].bytes, known[i].size_bytes);
        assert_int_equal(made.count, 1);
        text_print_op(made.ops[0], text);
        assert_string_equal(text, known[i].text);
    }
}

// Expects `program` to be `whole` without the op at `index`.
static void assert_lacks(const struct program *program, const struct program *whole, size_t index)
{
    assert_int_equal(program->count, whole->count - 1);
    for (size_t i = 0; i < program->count; i++) {
        assert_same_op(program->ops[i], whole->ops[i < index ? i : i + 1]);
    }
}

static void test_deleting_a_record_deletes_an_op(void **state)
{
    (void)state;
    uint8_t bytes[OPS_MOST * RECORD_BYTES];
    uint8_t left[sizeof bytes];
    for (unsigned i = 0; i < PROGRAMS; i++) {
        size_t records = 1 + random_below(OPS_MOST);
        fill_random(bytes, records * RECORD_BYTES);
        for (size_t record = 0; record < records; record++) { // None wide.
            uint8_t *verb = &bytes[record * RECORD_BYTES];
            *verb ^= (uint8_t)((*verb & WIDE_VERB) == WIDE_VERB);
        }
        size_t index = random_below((uint32_t)records);
        memcpy(left, bytes, index * RECORD_BYTES);
        memcpy(left + index * RECORD_BYTES, bytes + (index + 1) * RECORD_BYTES,
               (records - index - 1) * RECORD_BYTES);
        program_decode(&made, bytes, records * RECORD_BYTES);
        program_decode(&read_back, left, (records - 1) * RECORD_BYTES);
        assert_int_equal(made.count, records);
        assert_lacks(&read_back, &made, index);
    }
}

// The same for any op, which takes a wide record with it, and for two programs joined.
static void test_splicing_bytes_splices_ops(void **state)
{
    (void)state;
    uint8_t bytes[BYTES_MOST];
    for (unsigned i = 0; i < PROGRAMS; i++) {
        make_random(&made);
        program_add(&made, random_op());
        size_t index = random_below((uint32_t)made.count);
        struct program before = {.ops = made.ops, .count = index};
        struct program after = {.ops = made.ops + index + 1, .count = made.count - index - 1};
        size_t before_bytes = program_encode(&before, bytes, sizeof bytes);
        size_t after_bytes =
            program_encode(&after, bytes + before_bytes, sizeof bytes - before_bytes);
        program_decode(&read_back, bytes, before_bytes + after_bytes);
        assert_lacks(&read_back, &made, index);
    }
}

// Writes a program as text, and reads it as another.
static void pass_through_text(const struct program *program, struct program *other)
{
    char *text = NULL;
    size_t size_bytes = 0;
    struct text_error error;
    FILE *file = open_memstream(&text, &size_bytes);
    assert_non_null(file);
    text_write(file, program);
    assert_int_equal(fclose(file), 0);
    if (size_bytes > 0) {
        file = fmemopen(text, size_bytes, "r");
        assert_non_null(file);
        if (!text_read(file, other, &error)) {
            fail_msg("line %zu: %s", error.line, error.sentence);
        }
        assert_int_equal(fclose(file), 0);
    }
    free(text);
}

static void test_text_gives_every_size_of_every_verb_back(void **state)
{
    (void)state;
    for (unsigned verb = 0; verb < VERBS; verb++) {
        program_clear(&made);
        for (uint32_t code = 0; code < 65536; code++) {
            struct op op = {(enum verb)verb, (uint16_t)(code * 40503U), code};
            program_add(&made, op_canonical(op));
        }
        pass_through_text(&made, &read_back);
        assert_same(&read_back, &made);
    }
}

static void test_text_gives_any_program_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        make_random(&made);
        program_add(&made, random_op());
        pass_through_text(&made, &read_back);
        assert_same(&read_back, &made);
    }
}

#define LAW_TEST(law) cmocka_unit_test_setup_teardown(law, begin_random, close_programs)

int main(void)
{
    const struct CMUnitTest laws[] = {
        LAW_TEST(test_bytes_give_the_program_back),
        LAW_TEST(test_each_verb_keeps_the_widest_operands),
        LAW_TEST(test_encode_stays_within_its_room),
        LAW_TEST(test_every_byte_string_is_a_program),
        LAW_TEST(test_decoding_is_stable),
        LAW_TEST(test_zeros_are_the_smallest_op),
        LAW_TEST(test_bytes_mean_what_they_meant),
        LAW_TEST(test_deleting_a_record_deletes_an_op),
        LAW_TEST(test_splicing_bytes_splices_ops),
        LAW_TEST(test_text_gives_every_size_of_every_verb_back),
        LAW_TEST(test_text_gives_any_program_back),
    };
    return cmocka_run_group_tests_name("language", laws, NULL, NULL) == 0 ? 0 : 1;
}

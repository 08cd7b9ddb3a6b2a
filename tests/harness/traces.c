// The reader of recorded traces (fuzz/language/trace.h). A trace becomes its ops, and a window of
// it ends with the blocks of the whole there. A malformed trace is refused with its line and a
// sentence.

#include "../unit/cmocka_headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/size.h"
#include "language/text.h"
#include "language/trace.h"

#define HEADER_LINES 4U

static struct program whole, window;
static struct text_error error;

static int close_programs(void **state)
{
    (void)state;
    program_close(&whole);
    program_close(&window);
    return 0;
}

static bool read_trace(const char *text, struct program *program, size_t first, size_t most)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(file);
    bool is_read = trace_read(file, program, first, most, &error);
    assert_int_equal(fclose(file), 0);
    return is_read;
}

static void must_read(const char *text, struct program *program, size_t first, size_t most)
{
    if (!read_trace(text, program, first, most)) {
        fail_msg("line %zu: %s", error.line, error.sentence);
    }
}

static void assert_says(const struct program *program, const char *const *lines)
{
    char text[TEXT_OP_BYTES];
    for (size_t i = 0; i < program->count; i++) {
        text_print_op(program->ops[i], text);
        assert_non_null(lines[i]);
        assert_string_equal(text, lines[i]);
    }
    assert_null(lines[program->count]);
}

static const char good[] = "67108864\n3\n10\n1\n"
                           "a 0 100\n"
                           "a 1 536870911\n"
                           "f 0\n"
                           "a 2 0\n" // In the slot that id 0 had.
                           "r 1 5\n"
                           "r 2 0\n" // Frees; the slot stays the id's.
                           "r 2 7\n"
                           "a 0 8\n"
                           "f 1\n"
                           "r 1 9\n";

static void test_a_trace_is_the_ops_that_it_says(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "allocate b0 100",
        "allocate b1 536870911",
        "free b0",
        "allocate b0 0",
        "reallocate b1 5",
        "reallocate b0 0",
        "reallocate b0 7",
        "allocate b2 8",
        "free b1",
        "reallocate b1 9",
        NULL,
    };
    must_read(good, &whole, 0, SIZE_MAX);
    assert_says(&whole, lines);
}

static void test_a_window_begins_with_what_was_live(void **state)
{
    (void)state;
    static const char *const after_free[] = {"allocate b1 536870911", "allocate b0 0", NULL};
    static const char *const after_zero[] = {"allocate b1 5", "reallocate b0 7", NULL};
    static const char *const last[] = {"allocate b0 7", "allocate b2 8", "reallocate b1 9", NULL};
    must_read(good, &window, 3, 1);
    assert_says(&window, after_free);
    must_read(good, &window, 6, 1); // The block that was reallocated to 0 is gone.
    assert_says(&window, after_zero);
    must_read(good, &window, 9, SIZE_MAX);
    assert_says(&window, last);
    must_read(good, &window, 10, 1);
    assert_int_equal(window.count, 0);
}

// Stores the size of each slot's block after these ops; SIZE_MAX: no block.
static void follow(const struct program *program, size_t ops, size_t *held_bytes)
{
    for (size_t slot = 0; slot < SLOTS; slot++) {
        held_bytes[slot] = SIZE_MAX;
    }
    for (size_t i = 0; i < ops; i++) {
        const struct op *op = &program->ops[i];
        size_t size_bytes = size_resolve(op->size_code, op->slot, NULL, NULL);
        bool frees =
            op->verb == VERB_REALLOCATE && size_bytes == 0 && held_bytes[op->slot] != SIZE_MAX;
        held_bytes[op->slot] = op->verb == VERB_FREE || frees ? SIZE_MAX : size_bytes;
    }
}

// A trace of 300 ops on 40 ids: each id allocated, reallocated and freed in turns, some to 0.
static char *make_trace(void)
{
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *file = open_memstream(&text, &size_bytes);
    assert_non_null(file);
    fprintf(file, "1\n40\n300\n1\n");
    bool is_live[40] = {false};
    uint32_t random = 1;
    for (unsigned i = 0; i < 300; i++) {
        random = random * 1664525 + 1013904223;
        unsigned id = random >> 20 & 31;
        unsigned size = random >> 10 & 7;
        if (!is_live[id]) {
            fprintf(file, "%c %u %u\n", random >> 31 != 0 ? 'a' : 'r', id, size);
        } else if (random >> 31 != 0) {
            fprintf(file, "f %u\n", id);
        } else {
            fprintf(file, "r %u %u\n", id, size);
        }
        is_live[id] = !is_live[id] || random >> 31 == 0;
    }
    assert_int_equal(fclose(file), 0);
    return text;
}

static void test_every_window_ends_as_the_whole_does_there(void **state)
{
    (void)state;
    static size_t expected[SLOTS], held[SLOTS];
    char *text = make_trace();
    must_read(text, &whole, 0, SIZE_MAX);
    assert_int_equal(whole.count, 300);
    for (size_t first = 0; first < 300; first++) {
        size_t most = 1 + first * 7 % 50;
        size_t end = first + most < 300 ? first + most : 300;
        must_read(text, &window, first, most);
        follow(&whole, end, expected);
        follow(&window, window.count, held);
        assert_memory_equal(held, expected, sizeof held);
        size_t ops = end - first;
        assert_true(window.count >= ops);
        for (size_t i = 0; i < ops; i++) {
            const struct op *op = &window.ops[window.count - ops + i];
            assert_int_equal(op->verb, whole.ops[first + i].verb);
            assert_int_equal(op->slot, whole.ops[first + i].slot);
            assert_int_equal(op->size_code, whole.ops[first + i].size_code);
        }
    }
    free(text);
}

#define TURN_OPS 30U

static struct program turns[300 / TURN_OPS];
static size_t turn;

static size_t end_turn(const struct program *program)
{
    program_copy(&turns[turn++], program);
    return TURN_OPS;
}

static void test_windows_in_turn_are_those_read_alone(void **state)
{
    (void)state;
    char *text = make_trace();
    events_in_turn(end_turn);
    must_read(text, &window, 0, TURN_OPS);
    events_in_turn(NULL);
    (void)end_turn(&window);
    assert_int_equal(turn, 300 / TURN_OPS);
    for (size_t i = 0; i < turn; i++) {
        must_read(text, &window, i * TURN_OPS, TURN_OPS);
        assert_int_equal(turns[i].count, window.count);
        for (size_t at = 0; at < window.count; at++) {
            const struct op *op = &turns[i].ops[at];
            assert_int_equal(op->verb, window.ops[at].verb);
            assert_int_equal(op->slot, window.ops[at].slot);
            assert_int_equal(op->size_code, window.ops[at].size_code);
        }
        program_close(&turns[i]);
    }
    free(text);
}

// Allocates `ids` ids. From the `live`-th on, it frees the oldest before each.
static char *make_parade(unsigned ids, unsigned live)
{
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *file = open_memstream(&text, &size_bytes);
    assert_non_null(file);
    fprintf(file, "1\n%u\n%u\n1\n", ids, ids + (ids > live ? ids - live : 0));
    for (unsigned id = 0; id < ids; id++) {
        if (id >= live) {
            fprintf(file, "f %u\n", id - live);
        }
        fprintf(file, "a %u 1\n", id);
    }
    assert_int_equal(fclose(file), 0);
    return text;
}

static void test_more_ids_than_slots_fit_when_few_live_at_once(void **state)
{
    (void)state;
    char *text = make_parade(SLOTS * 2, 3);
    must_read(text, &whole, 0, SIZE_MAX);
    assert_int_equal(whole.count, SLOTS * 4 - 3);
    for (size_t i = 0; i < whole.count; i++) {
        assert_true(whole.ops[i].slot < 3);
    }
    free(text);
}

static void test_as_many_blocks_live_as_there_are_slots(void **state)
{
    (void)state;
    char *text = make_parade(SLOTS, SLOTS);
    must_read(text, &whole, 0, SIZE_MAX);
    assert_int_equal(whole.ops[SLOTS - 1].slot, SLOTS - 1);
    free(text);
    text = make_parade(SLOTS + 1, SLOTS + 1);
    assert_false(read_trace(text, &whole, 0, SIZE_MAX));
    assert_int_equal(error.line, HEADER_LINES + SLOTS + 1);
    assert_string_equal(error.sentence, "more than 65536 blocks are live at once");
    free(text);
}

static void test_malformed_traces_are_refused_in_their_line(void **state)
{
    (void)state;
    static const char an_op[] = "an op is a ID SIZE, r ID SIZE, f ID or f -1";
    static const struct {
        const char *text;
        size_t line;
        const char *sentence;
    } bad[] = {
        {"1\n2\n", 3, "a trace begins with four header lines"},
        {"1\n2\nx\n1\n", 3, "a header line is one number"},
        {"mov rax, 1\n", 1, "the line is neither a call of a known form nor one number"},
        {"18446744073709551616\n", 1, "the line is neither a call of a known form nor one number"},
        {"1 1\n2\n1\n1\n", 1, "the line is neither a call of a known form nor one number"},
        {"1\n2\n1\n1\nx 0 1\n", 5, an_op},
        {"1\n2\n2\n1\na 0 1\nf 0 1\n", 6, an_op},
        {"1\n2\n2\n1\na 0 1\n\nf 0\n", 6, an_op},
        {"1\n2\n2\n1\na 0 1\n \n\r\nf 0\n\n", 6, an_op},
        {"1\n2\n1\n1\nf -2\n", 5, an_op},
        {"1\n2\n1\n1\nf - 1\n", 5, an_op},
        {"1\n2\n1\n1\nf -11\n", 5, an_op},
        {"1\n2\n1\n1\na -1 1\n", 5, an_op},
        {"1\n2\n1\n1\nr -1 1\n", 5, an_op},
        {"1\n2\n1\n1\na 0 1\n\n\xff\n", 7, "the line is not UTF-8 text"},
        {"1\n2\n2\n1\na 0 1\n\n\n", 8, "the header says that there are more ops"},
        {"1\n2\n1\n1\na 2 1\n", 5, "the id is not below the number of ids in the header"},
        {"1\n2\n1\n1\na 4294967296 1\n", 5, "the id is not below the number of ids in the header"},
        {"1\n2\n1\n1\na 0 536870912\n", 5, "the size is above 536870911"},
        {"1\n2\n2\n1\na 0 1\nf 1\n", 6, "the block that is freed is not live"},
        {"1\n2\n3\n1\na 0 1\nf 0\nf 0\n", 7, "the block that is freed is not live"},
        {"1\n2\n1\n1\na 0 1\nf 0\n", 6, "the header says that there are fewer ops"},
        {"1\n2\n3\n1\na 0 1\nf 0\n", 7, "the header says that there are more ops"},
        {"1\n2\n2\n1\na 0 1\nf 0\xff\n", 6, "the line is not UTF-8 text"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(read_trace(bad[i].text, &whole, 0, SIZE_MAX));
        assert_string_equal(error.sentence, bad[i].sentence);
        assert_int_equal(error.line, bad[i].line);
    }
}

static void test_null_is_freed_where_no_block_is(void **state)
{
    (void)state;
    static const char text[] = "1\n3\n7\n1\nf -1\na 0 1\na 1 2\nf -1\nf 0\nf -1 \nf 1\n";
    static const char *const lines[] = {"free b0", "allocate b0 1", "allocate b1 2", "free b2",
                                        "free b0", "free b0",       "free b1",       NULL};
    static const char *const last[] = {"allocate b0 1", "allocate b1 2", "free b2", NULL};
    must_read(text, &whole, 0, SIZE_MAX);
    assert_says(&whole, lines);
    must_read(text, &window, 3, 1);
    assert_says(&window, last);
}

static void test_blanks_and_ends_of_lines_say_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 1", "free b1", "free b0", NULL};
    static const char *const texts[] = {
        "1\r\n2\r\n3\r\n1\r\na 0 1\r\nf -1\r\nf 0\r\n",
        "1\r\n2\r\n3\r\n1\r\na 0 1\r\nf -1\r\nf 0\r\n\r\n",
        "1 \n 2\t\n3  \n\t1\na 0 1 \nf -1\t\nf 0  \n",
        "1\n2\n3\n1\na\t0\t1\nf  -1\nf 0\n \n\n\t",
        "1\n2\n3\n1\na 0 1\nf -1\nf 0\r",
        "\xef\xbb\xbf\x31\n2\n3\n1\na 0 1\nf -1\nf 0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        must_read(texts[i], &whole, 0, SIZE_MAX);
        assert_says(&whole, lines);
        must_read(texts[i], &window, 3, 1); // Behind the ops there is none, blank lines or not.
        assert_int_equal(window.count, 0);
    }
}

static void test_a_window_needs_no_more_than_its_ops(void **state)
{
    (void)state;
    static const char cut[] = "1\n2\n9\n1\na 0 1\nf 0\na 1 1\n";
    must_read(cut, &window, 0, 2);
    assert_int_equal(window.count, 2);
    assert_false(read_trace(cut, &window, 0, 4));
}

static void test_a_file_that_ends_in_an_error_is_refused(void **state)
{
    (void)state;
    FILE *folder = fopen(".", "r"); // It opens, and can't be read.
    assert_non_null(folder);
    assert_false(trace_read(folder, &whole, 0, SIZE_MAX, &error));
    assert_string_equal(error.sentence, "the file can't be read to its end");
    assert_false(text_read(folder, &whole, &error));
    assert_string_equal(error.sentence, "the file can't be read to its end");
    assert_int_equal(fclose(folder), 0);
}

// The three forms with addresses. Each says the same as far as it can.
static void assert_form(const char *text, const char *const *lines, size_t left_out)
{
    must_read(text, &whole, 0, SIZE_MAX);
    assert_says(&whole, lines);
    assert_int_equal(events_counts()->left_out, left_out);
}

static void test_android_records_are_calls(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 20",
                                        "allocate_zeroed b1 16",
                                        "lane 2",
                                        "align 3",
                                        "allocate b2 100",
                                        "lane 1",
                                        "reallocate b0 48",
                                        "reallocate b0 0",
                                        "reallocate b0 5",
                                        "free b1",
                                        "free b1", // NULL, where no block is.
                                        NULL};
    assert_form("187: malloc 0xb0 20\n"
                "187: calloc 0xb1 2 8 17 18\n"
                "188: memalign 0xb2 64 100\n"
                "187: realloc 0xb3 0xb0 48\n"
                "187: realloc 0x0 0xb3 1073741824\n" // It failed.
                "187: realloc 0x0 0xb3 0\n"
                "187: realloc 0xb3 0x0 5\n"
                "187: free 0xb1\n"
                "187: free 0xb9\n" // From before.
                "187: free 0x0 17 18\n"
                "188: thread_done 0x0 99\n",
                lines, 2);
}

static void test_mtrace_lines_are_calls(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 24", "allocate b1 4", "reallocate b0 100",
                                        "free b1",        "free b0",       NULL};
    assert_form("= Start\n"
                "@ ./a.out:[0x1136] + 0x5500 0x18\n"
                "@ /lib/libc.so.6:(__strdup+1a)[0x9e9aa] + 0x5600 0x4\n"
                "@ [0x1140] < 0x5500\n"
                "@ [0x1140] > 0x5700 0x64\n"
                "@ ./a b.out:[0x1150] ! 0x5700 0x4000000000000000\n"
                "- 0x5600\n"
                "@ ./a.out:[0x1160] - 0x5700\n"
                "@ ./a.out:[0x1160] - 0x5800\n"
                "= End\n",
                lines, 2);
}

static void test_ltrace_lines_are_calls(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 24",   "lane 2",
                                        "allocate b1 8", // The address that the other has left.
                                        "lane 1",           "reallocate b0 100",
                                        "lane 2",           "free b1",
                                        "reallocate b1 15", NULL};
    assert_form("[pid 7] a.out->malloc(24) = 0x5500\n"
                "puts(\"malloc(1)\" = 10\n"
                "[pid 7] realloc(0x5500, 100 <unfinished ...>\n"
                "8 11:22:33.44 malloc(8 <unfinished ...>\n"
                "[pid 8] <... malloc resumed> ) = 0x5500\n"
                "[pid 7] <... realloc resumed> ) = 0x5600\n"
                "[pid 8] realloc(0x5500, 99999999999 <unfinished ...>\n"
                "[pid 8] <... realloc resumed> ) = 0\n" // It failed, and the block is back.
                "[pid 8] free(0x5500 <unfinished ...>\n"
                "[pid 8] <... free resumed> ) = <void>\n"
                "[pid 8] reallocarray(nil, 3, 5, 0) = 0x5500\n"
                "[pid 8] posix_memalign(0x7ffc, 128, 10, 3) = 0\n"
                "--- SIGCHLD (Child exited) ---\n"
                "+++ exited (status 0) +++\n",
                lines, 1);
}

static void test_numbers_have_up_to_64_bits(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 24", NULL};
    assert_form("malloc(18446744073709551615) = 0\nmalloc(24) = 0x5500\n", lines, 1);
    assert_form("189: malloc 0x0 18446744073709551615\n189: malloc 0x1 24\n", lines, 1);
    assert_false(read_trace("malloc(18446744073709551616) = 0\n", &whole, 0, SIZE_MAX));
    assert_false(read_trace("malloc(0x10000000000000000) = 0\n", &whole, 0, SIZE_MAX));
}

static void test_times_and_addresses_of_calls_are_no_threads(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 1",
                                        "allocate b1 2",
                                        "reallocate b1 3",
                                        "free b0",
                                        "lane 2",
                                        "allocate b0 4",
                                        NULL};
    assert_form("1700000000.1 malloc(1) = 0x10 <0.000123>\n"
                "0.000123 malloc(2) = 0x20 < 0.1>\n"
                "11:22:33.4567 realloc(0x20, 3) = 0x30\n"
                "[0x401136] free(0x10) = <void>\n"
                "7 11:22:34 malloc(4) = 0x40\n",
                lines, 0);
    assert_false(read_trace("malloc(1) = 0x10 <0.1> 5\n", &whole, 0, SIZE_MAX));
}

static void test_a_window_begins_on_its_lane_and_with_its_alignment(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 8", "lane 2", "align 3", "allocate b1 100",
                                        NULL};
    static const char text[] = "1: malloc 0x10 8\n2: memalign 0x20 64 100\n";
    must_read(text, &window, 3, 1);
    assert_says(&window, lines);
}

static void test_a_block_freed_unseen_makes_room(void **state)
{
    (void)state;
    static const char *const lines[] = {"allocate b0 8", "allocate b0 9",   "allocate b1 7",
                                        "free b0",       "reallocate b1 5", NULL};
    assert_form("1: malloc 0x10 8\n1: malloc 0x10 9\n1: malloc 0x20 7\n1: realloc 0x10 0x20 5\n",
                lines, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trace_is_the_ops_that_it_says),
        cmocka_unit_test(test_a_window_begins_with_what_was_live),
        cmocka_unit_test(test_every_window_ends_as_the_whole_does_there),
        cmocka_unit_test(test_windows_in_turn_are_those_read_alone),
        cmocka_unit_test(test_more_ids_than_slots_fit_when_few_live_at_once),
        cmocka_unit_test(test_as_many_blocks_live_as_there_are_slots),
        cmocka_unit_test(test_malformed_traces_are_refused_in_their_line),
        cmocka_unit_test(test_null_is_freed_where_no_block_is),
        cmocka_unit_test(test_blanks_and_ends_of_lines_say_nothing),
        cmocka_unit_test(test_a_window_needs_no_more_than_its_ops),
        cmocka_unit_test(test_a_file_that_ends_in_an_error_is_refused),
        cmocka_unit_test(test_android_records_are_calls),
        cmocka_unit_test(test_mtrace_lines_are_calls),
        cmocka_unit_test(test_ltrace_lines_are_calls),
        cmocka_unit_test(test_numbers_have_up_to_64_bits),
        cmocka_unit_test(test_times_and_addresses_of_calls_are_no_threads),
        cmocka_unit_test(test_a_window_begins_on_its_lane_and_with_its_alignment),
        cmocka_unit_test(test_a_block_freed_unseen_makes_room),
    };
    return cmocka_run_group_tests_name("traces", tests, NULL, close_programs) == 0 ? 0 : 1;
}

// The sentences about sizes, arenas and answers, exactly.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/cmocka_headers.h"
#include "findings/report.h"
#include "language/text.h"
#include "laws/counters.h"
#include "laws/place.h"
#include "runner/trial.h"
#include "subjects/foreign_heap.h"
#include "subjects/subjects.h"
#include "world/world.h"

static char said[8192];

// Keeps the output to standard output from now on. Returns the value that listen_end needs.
static int listen_begin(void)
{
    fflush(stdout);
    int output = dup(STDOUT_FILENO);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_not_equal(dup2(fileno(file), STDOUT_FILENO), -1);
    (void)fclose(file);
    return output;
}

static void listen_end(int output)
{
    fflush(stdout);
    ssize_t length = pread(STDOUT_FILENO, said, sizeof said - 1, 0);
    assert_int_not_equal(dup2(output, STDOUT_FILENO), -1);
    (void)close(output);
    assert_true(length >= 0);
    said[length] = '\0';
}

static void run_shown(const struct subject *subject, const char *text)
{
    struct program program = {0};
    struct text_error error;
    struct plan plan = {.subject = subject, .runs_twice = true};
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "rb");
    assert_non_null(file);
    assert_true(text_read(file, &program, &error));
    (void)fclose(file);
    int output = listen_begin();
    (void)trial_show(&plan, &program);
    listen_end(output);
    program_close(&program);
}

static void expect_said(const char *sentence)
{
    if (strstr(said, sentence) == NULL) {
        fail_msg("not '%s' but:\n%s", sentence, said);
    }
}

// A subject over the engine's memory that refuses a size, and larger ones than it says.

static const struct heapfuzz_port *engine;
static int owned;

static void *alloc(size_t size_bytes)
{
    return size_bytes == 13 || size_bytes > 4096 ? NULL : engine->allocate(size_bytes);
}

// A heap that wants two pages to begin with.
static bool gets_two_pages(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    void *start = pages->reserve(NULL, arena_bytes);
    bool has_them = pages->commit(NULL, start, (size_t)2 * WORLD_PAGE_BYTES);
    pages->release(NULL, start, arena_bytes);
    return has_them;
}

static bool open_heap(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    engine = &subject_find("win32")->port;
    return gets_two_pages(pages, arena_bytes) && engine->open_pages(pages, arena_bytes);
}

static void *refuse_13(size_t size_bytes)
{
    return size_bytes == 13 ? NULL : engine->allocate(size_bytes);
}

static int owns_in_turn(const void *address)
{
    (void)address;
    return owned++;
}

static struct subject make_planted(void)
{
    struct subject subject = *subject_find("win32");
    subject.name = "planted";
    subject.port.open_pages = open_heap;
    subject.port.allocate = alloc;
    subject.port.policies.null_size_bytes = SIZE_MAX;
    subject.promises.largest = NULL;
    subject.promises.must_grant = foreign_heap_must_grant;
    return subject;
}

static void an_arena_is_told_where_it_is_the_subjects(void **state)
{
    (void)state;
    struct subject subject = make_planted();
    run_shown(&subject, "world MiB*8 0\nallocate b0 13\n");
    expect_said(
        "  planted: NULL for 13 bytes in an arena of 8388608 bytes, where 0 have been asked "
        "for since it was empty, and the world refused nothing\n");
    expect_said("      2  allocate b0 13                 -> NULL for 13 bytes\n");
    run_shown(&subject, "world page*16 1\nallocate b0 13\n");
    expect_said(
        "  planted: NULL for 13 bytes in an arena of 67108864 bytes, as no heap fits in the "
        "requested one, where 0 have been asked for since it was empty, and the world "
        "refused nothing\n");
}

static void no_arena_is_told_where_it_is_not(void **state)
{
    (void)state;
    struct subject subject = make_planted();
    subject.port.open_pages = NULL;
    subject.port.close = NULL;
    subject.port.allocate = refuse_13;
    run_shown(&subject, "allocate b0 13\n");
    expect_said("  planted: NULL for 13 bytes, where 0 have been asked for since it was empty, and "
                "the world refused nothing\n");
}

static void an_answer_that_differs_is_told_as_what_it_is(void **state)
{
    (void)state;
    struct subject subject = make_planted();
    subject.port.owns = owns_in_turn;
    subject.promises.shares_heap = true;
    run_shown(&subject, "owns_address 16\n");
    expect_said("  planted: op 1 answered 0 the first time, and 1 when the same program ran "
                "again on a new heap\n");
}

static void a_size_near_the_most_is_told_from_it(void **state)
{
    (void)state;
    struct subject subject = make_planted();
    subject.promises.must_grant = NULL;
    subject.port.policies.null_size_bytes = 0; // It is SIZE_MAX, so the last op ends the run.
    run_shown(&subject, "allocate b0 SIZE_MAX+320\nallocate b1 SIZE_MAX-7\nsize b3\n");
    expect_said("      1  allocate b0 SIZE_MAX           -> NULL for SIZE_MAX bytes\n");
    expect_said("      2  allocate b1 SIZE_MAX-7         -> NULL for SIZE_MAX-7 bytes\n");
    assert_string_equal(place_size(SIZE_MAX), "SIZE_MAX");
    assert_string_equal(place_size(SIZE_MAX - 4095), "SIZE_MAX-4095");
    assert_string_equal(place_size(4096), "4096");
}

static void expect_most(uint64_t live_bytes, uint64_t committed_bytes, const char *line)
{
    static struct counters done;
    done.programs = 1;
    done.calls = 2;
    done.most_live_blocks = 3;
    done.most_live_bytes = live_bytes;
    done.most_committed_bytes = committed_bytes;
    int output = listen_begin();
    counters_print(&done, false);
    listen_end(output);
    expect_said(line);
}

static void the_broken_law_is_told_after_the_counts(void **state)
{
    (void)state;
    static struct counters done;
    const struct {
        struct broken broken;
        const char *line;
    } all[] = {
        {{LAW_LIMIT + 1, 3}, "committed\n\nlaw limit was broken at op 3\n"},
        {{LAW_SPY + 1, 0}, "law spy was broken\n"},
        {{(uint8_t)LAWS + LANGUAGE_WINDOW + 1, 0}, "law window was broken\n"},
        {{(uint8_t)LAWS + LANGUAGE_LAWS + 1, 0}, "0 bytes committed\n"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        done.broken = all[i].broken;
        int output = listen_begin();
        counters_print(&done, false);
        listen_end(output);
        expect_said(all[i].line);
    }
    assert_null(strstr(said, " was broken"));
}

static void what_is_not_nothing_does_not_look_like_it(void **state)
{
    (void)state;
    expect_most(0, 1,
                "1 programs, 2 calls; at most 3 blocks live, 0 bytes asked for, 1 byte "
                "committed\n");
    expect_most(10239, 10240, "10239 bytes asked for, 10 KiB committed\n");
    expect_most((uint64_t)10 << 20, ((uint64_t)10 << 20) - 1,
                "10 MiB asked for, 10239 KiB committed\n");
    expect_most((uint64_t)64 << 30, UINT64_MAX, "64 GiB asked for, 16777215 TiB committed\n");
}

int main(void)
{
    report_findings(FINDING_EXITS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_is_told_where_it_is_the_subjects),
        cmocka_unit_test(no_arena_is_told_where_it_is_not),
        cmocka_unit_test(an_answer_that_differs_is_told_as_what_it_is),
        cmocka_unit_test(a_size_near_the_most_is_told_from_it),
        cmocka_unit_test(the_broken_law_is_told_after_the_counts),
        cmocka_unit_test(what_is_not_nothing_does_not_look_like_it),
    };
    return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}

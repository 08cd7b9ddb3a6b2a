// Runs the tests of a program, one after the other. Keeps the place to continue from when one
// fails. It has no knowledge of the tests, and nothing for mocks.

#include "cmocka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf failed; // The place to continue from when the running test fails.
static size_t blocks;  // Live blocks of test_calloc.

_Noreturn void cmocka_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    printf("[   LINE   ] --- %s:%d: error: Failure!\n             ", file, line);
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    longjmp(failed, 1);
}

void *test_calloc(size_t count, size_t size_bytes)
{
    void *block = calloc(count, size_bytes);
    blocks += block != NULL;
    return block;
}

void test_free(void *block)
{
    blocks -= block != NULL;
    free(block);
}

void cmocka_expect(bool holds, const char *sentence, const char *file, int line)
{
    if (!holds) {
        cmocka_fail(file, line, "%s", sentence);
    }
}

void cmocka_compare(uintmax_t left, uintmax_t right, bool wants_same, const char *file, int line)
{
    if ((left == right) != wants_same) {
        cmocka_fail(file, line, "%#jx %s %#jx", left, left == right ? "==" : "!=", right);
    }
}

void cmocka_compare_range(uintmax_t value, uintmax_t least, uintmax_t most, const char *file,
                          int line)
{
    if (value < least || value > most) {
        cmocka_fail(file, line, "%ju is not within the range %ju-%ju", value, least, most);
    }
}

void cmocka_compare_strings(const char *left, const char *right, bool wants_same, const char *file,
                            int line)
{
    bool is_same = strcmp(left, right) == 0;
    if (is_same != wants_same) {
        cmocka_fail(file, line, "\"%s\" %s \"%s\"", left, is_same ? "==" : "!=", right);
    }
}

void cmocka_compare_bytes(const void *left, const void *right, size_t size_bytes, const char *file,
                          int line)
{
    const unsigned char *bytes = left;
    const unsigned char *others = right;
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] != others[i]) {
            cmocka_fail(file, line, "byte %zu: %#x != %#x", i, bytes[i], others[i]);
        }
    }
}

// Code that may fail is called from here, so that no variable of a function that continues has
// changed since its setjmp.
static bool passes(const struct CMUnitTest *test, int (*fixture)(void **state), void **state)
{
    if (setjmp(failed) != 0) {
        return false;
    }
    if (fixture != NULL) {
        return fixture(state) == 0;
    }
    test->test_func(state);
    return true;
}

static bool run(const struct CMUnitTest *test)
{
    void *state = test->initial_state;
    size_t before = blocks;
    if (test->setup_func != NULL && !passes(test, test->setup_func, &state)) {
        return false;
    }
    bool has_passed = passes(test, NULL, &state);
    if (test->teardown_func != NULL && !passes(test, test->teardown_func, &state)) {
        return false;
    }
    if (has_passed && blocks != before) {
        printf("%s: %zu blocks before, and %zu after\n", test->name, before, blocks);
    }
    return has_passed && blocks == before;
}

int cmocka_run_group(const char *name, const struct CMUnitTest *tests, size_t count,
                     int (*setup)(void **state), int (*teardown)(void **state))
{
    int failures = 0;
    if (setup != NULL || teardown != NULL) {
        printf("%s: a group has no fixtures here\n", name);
        exit(2);
    }
    printf("[==========] %s: Running %zu test(s).\n", name, count);
    for (size_t i = 0; i < count; i++) {
        printf("[ RUN      ] %s\n", tests[i].name);
        (void)fflush(stdout); // Otherwise a crash would lose it.
        bool has_passed = run(&tests[i]);
        printf("%s %s\n", has_passed ? "[       OK ]" : "[  FAILED  ]", tests[i].name);
        failures += !has_passed;
    }
    printf("[==========] %s: %zu test(s) run.\n[  PASSED  ] %zu test(s).\n", name, count,
           count - (size_t)failures);
    (void)fflush(stdout);
    return failures;
}

// The part of cmocka that the tests of tests/unit use, for Windows, where there is none to install.
// The names, their meaning and the output are cmocka's.
//
// A test is a function of its own; the first assertion that does not hold ends it by longjmp, so an
// assertion may only be made on the thread that runs the tests.
#ifndef TESTS_WINDOWS_CMOCKA_H
#define TESTS_WINDOWS_CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    int (*setup_func)(void **state);    ///< NULL: none. It fails unless it returns 0.
    int (*teardown_func)(void **state); ///< The same; called unless the setup failed.
    void *initial_state;                ///< The first value of *state.
};

#define cmocka_unit_test_setup_teardown(test, setup, teardown)                                     \
    {                                                                                              \
#test, test, setup, teardown, NULL                                                         \
    }
#define cmocka_unit_test_setup(test, setup) cmocka_unit_test_setup_teardown(test, setup, NULL)
#define cmocka_unit_test(test) cmocka_unit_test_setup_teardown(test, NULL, NULL)

/// Runs an array of tests, and returns the number that failed. A group has no setup of its own
/// here: both have to be NULL, as they are in all of ours.
#define cmocka_run_group_tests_name(group_name, tests, group_setup, group_teardown)                \
    cmocka_run_group(group_name, tests, sizeof(tests) / sizeof((tests)[0]), group_setup,           \
                     group_teardown)
#define cmocka_run_group_tests(tests, group_setup, group_teardown)                                 \
    cmocka_run_group_tests_name(#tests, tests, group_setup, group_teardown)

int cmocka_run_group(const char *name, const struct CMUnitTest *tests, size_t count,
                     int (*setup)(void **state), int (*teardown)(void **state));

/// As calloc and free; a test that leaves such a block behind fails.
void *test_calloc(size_t count, size_t size_bytes);
void test_free(void *block);

/// Ends the running test as failed, after a line with the place and the reason.
_Noreturn void cmocka_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(gnu_printf, 3, 4)));

void cmocka_expect(bool holds, const char *sentence, const char *file, int line);
void cmocka_compare(uintmax_t left, uintmax_t right, bool wants_same, const char *file, int line);
void cmocka_compare_range(uintmax_t value, uintmax_t least, uintmax_t most, const char *file,
                          int line);
void cmocka_compare_strings(const char *left, const char *right, bool wants_same, const char *file,
                            int line);
void cmocka_compare_bytes(const void *left, const void *right, size_t size_bytes, const char *file,
                          int line);

#define CMOCKA_COMPARE(left, right, wants_same)                                                    \
    cmocka_compare((uintmax_t)(left), (uintmax_t)(right), wants_same, __FILE__, __LINE__)
#define CMOCKA_ADDRESS(pointer) ((uintptr_t)(const void *)(pointer))

#define assert_true(condition)                                                                     \
    cmocka_expect((condition) ? true : false, #condition, __FILE__, __LINE__)
#define assert_false(condition) assert_true(!(condition))
#define assert_int_equal(left, right) CMOCKA_COMPARE(left, right, true)
#define assert_int_not_equal(left, right) CMOCKA_COMPARE(left, right, false)
#define assert_ptr_equal(left, right)                                                              \
    CMOCKA_COMPARE(CMOCKA_ADDRESS(left), CMOCKA_ADDRESS(right), true)
#define assert_ptr_not_equal(left, right)                                                          \
    CMOCKA_COMPARE(CMOCKA_ADDRESS(left), CMOCKA_ADDRESS(right), false)
#define assert_null(pointer) assert_ptr_equal(pointer, NULL)
#define assert_non_null(pointer) assert_ptr_not_equal(pointer, NULL)
#define assert_in_range(value, least, most)                                                        \
    cmocka_compare_range((uintmax_t)(value), (uintmax_t)(least), (uintmax_t)(most), __FILE__,      \
                         __LINE__)
#define assert_string_equal(left, right)                                                           \
    cmocka_compare_strings(left, right, true, __FILE__, __LINE__)
#define assert_string_not_equal(left, right)                                                       \
    cmocka_compare_strings(left, right, false, __FILE__, __LINE__)
#define assert_memory_equal(left, right, size_bytes)                                               \
    cmocka_compare_bytes(left, right, size_bytes, __FILE__, __LINE__)
#define fail_msg(...) cmocka_fail(__FILE__, __LINE__, __VA_ARGS__)

#endif

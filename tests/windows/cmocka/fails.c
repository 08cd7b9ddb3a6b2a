// The tests of this cmocka can fail: each of these does, except the last, and ends there.

#include "cmocka.h"

#include <stdio.h>

static int went_on; // The number of tests that continued after a failure.
static int torn_down;

static int no_setup(void **state)
{
    (void)state;
    return 1;
}

static int tear_down(void **state)
{
    (void)state;
    torn_down++;
    return 0;
}

static int no_teardown(void **state)
{
    assert_null(state);
    return 0;
}

#define FAILING(name, assertion)                                                                   \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        assertion;                                                                                 \
        went_on++;                                                                                 \
    }

FAILING(is_true, assert_true(state == NULL))
FAILING(is_false, assert_false(state != NULL))
FAILING(is_equal, assert_int_equal(1, 2))
FAILING(is_not_equal, assert_int_not_equal(3, 3))
FAILING(is_same_pointer, assert_ptr_equal(state, *state))
FAILING(is_other_pointer, assert_ptr_not_equal(state, state))
FAILING(is_null, assert_null(state))
FAILING(is_not_null, assert_non_null(*state))
FAILING(is_too_low, assert_in_range(5, 6, 7))
FAILING(is_too_high, assert_in_range(8, 6, 7))
FAILING(is_same_text, assert_string_equal("a", "b"))
FAILING(is_other_text, assert_string_not_equal("a", "a"))
FAILING(is_same_bytes, assert_memory_equal("abc", "abd", 3))
FAILING(says_so, fail_msg("%s %d", "so", 1))

static void leaks_a_block(void **state)
{
    *state = test_calloc(1, 1);
}

static void holds(void **state)
{
    assert_true(*state == NULL);
    assert_false(*state != NULL);
    assert_int_equal(-1, UINTMAX_MAX);
    assert_int_not_equal(1, 2);
    assert_ptr_equal(state, state);
    assert_ptr_not_equal(state, *state);
    assert_null(*state);
    assert_non_null(state);
    assert_in_range(6, 6, 7);
    assert_in_range(7, 6, 7);
    assert_string_equal("a", "a");
    assert_string_not_equal("a", "b");
    assert_memory_equal("abc", "abd", 2);
    test_free(test_calloc(1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_true),
        cmocka_unit_test(is_false),
        cmocka_unit_test(is_equal),
        cmocka_unit_test(is_not_equal),
        cmocka_unit_test(is_same_pointer),
        cmocka_unit_test(is_other_pointer),
        cmocka_unit_test(is_null),
        cmocka_unit_test(is_not_null),
        cmocka_unit_test(is_too_low),
        cmocka_unit_test(is_too_high),
        cmocka_unit_test(is_same_text),
        cmocka_unit_test(is_other_text),
        cmocka_unit_test(is_same_bytes),
        cmocka_unit_test(says_so),
        cmocka_unit_test(leaks_a_block),
        cmocka_unit_test_setup(holds, no_setup),
        cmocka_unit_test_setup_teardown(holds, NULL, no_teardown),
        cmocka_unit_test_setup_teardown(is_equal, NULL, tear_down),
        cmocka_unit_test(holds),
    };
    int count = (int)(sizeof(tests) / sizeof(tests[0]));
    int failures = cmocka_run_group_tests_name("fails", tests, NULL, NULL);
    printf("%d of %d failed, %d went on, %d torn down\n", failures, count, went_on, torn_down);
    return failures == count - 1 && went_on == 0 && torn_down == 1 ? 0 : 1;
}

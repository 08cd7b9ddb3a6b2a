// The columns of section 5's table, and how a test opens each.

#include "siblings.h"

#include <limits.h>
#include <stdint.h>

static struct ch_win32_heap win32;

static void open_crt(struct sibling *sibling)
{
    sibling->manager = ch_crt_heap();
}

static void open_win32(struct sibling *sibling)
{
    sibling->manager = ch_win32_heap_init_own(&win32, 0, 0, 0) ? ch_win32_heap_manager(&win32) : 0;
}

static void close_win32(void)
{
    ch_win32_heap_destroy(&win32);
}

static void open_local(struct sibling *sibling)
{
    sibling->manager = ch_local_heap();
}

static void open_global(struct sibling *sibling)
{
    sibling->manager = ch_global_heap();
}

static void open_com(struct sibling *sibling)
{
    sibling->manager = ch_com_heap();
}

static void close_nothing(void)
{
}

struct sibling sibling_crt = {
    .null_bytes = SIZE_MAX,
    .first_over_bytes = CH_CRT_MAX_BYTES + 1,
    .open = open_crt,
    .close = close_nothing,
};

struct sibling sibling_win32 = {
    .null_bytes = SIZE_MAX,
    .open = open_win32,
    .close = close_win32,
};

struct sibling sibling_local = {
    .never_moves = true,
    .open = open_local,
    .close = close_nothing,
};

struct sibling sibling_global = {
    .zero_bytes = 1,
    .never_moves = true,
    .open = open_global,
    .close = close_nothing,
};

struct sibling sibling_com = {
    .null_bytes = SIZE_MAX,
    .first_over_bytes = (size_t)INT_MAX + 1,
    .open = open_com,
    .close = close_nothing,
};

int sibling_open(void **state)
{
    struct sibling *sibling = *state;
    sibling->open(sibling);
    return sibling->manager == NULL;
}

int sibling_close(void **state)
{
    struct sibling *sibling = *state;
    sibling->close();
    return 0;
}

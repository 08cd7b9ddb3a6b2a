// The managers behind IAtlMemMgr, as the columns of section 5's table.
#ifndef TESTS_UNIT_SIBLINGS_H
#define TESTS_UNIT_SIBLINGS_H

#include <comheap/atlheaps.h>
#include <comheap/atlmem.h>

#include <stdbool.h>
#include <stddef.h>

/// The expected answers of a column, row by row.
struct sibling {
    IAtlMemMgr *manager;     ///< There while a test runs.
    size_t zero_bytes;       ///< GetSize of what Allocate(0) returns,
    size_t null_bytes;       ///< and of NULL.
    size_t first_over_bytes; ///< The smallest size over its own limit; 0: it has none.
    bool never_moves;        ///< Reallocate is in place, or refused.
    void (*open)(struct sibling *sibling);
    void (*close)(void);
};

extern struct sibling sibling_crt, sibling_win32, sibling_local, sibling_global, sibling_com;

/// For cmocka, whose state is a struct sibling.
int sibling_open(void **state);
int sibling_close(void **state);

#endif

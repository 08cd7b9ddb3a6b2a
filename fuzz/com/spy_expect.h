// What a spy has to hear: a naive model of who is registered, which calls are under way, one inside
// of the other, and which method comes next in each. Every method of the spy asks here whether it
// is its turn.
#ifndef COM_SPY_EXPECT_H
#define COM_SPY_EXPECT_H

#include <comheap/mallocspy.h>

#include "com/spy_ways.h"
#include "laws/heap.h"

enum spy_call {
    SPY_CALL_ALLOC,
    SPY_CALL_FREE,
    SPY_CALL_REALLOC,
    SPY_CALL_SIZE,
    SPY_CALL_OWNS,
    SPY_CALL_MINIMIZE,
    SPY_CALL_REGISTER,
    SPY_CALL_REVOKE,
};

/// A call that a registered spy has to hear comes next. Returns whether there is one; then
/// spy_expect_end has to be told what it answered.
bool spy_expect_begin(struct heap *heap, enum spy_call call, const void *block, size_t size_bytes);
void spy_expect_end(uintptr_t answer);

/// A Pre method is called: it must be its turn, and these its arguments. spy_expect_asked tells
/// what comes of it: whether the spy refuses. These are macros, so that the method itself calls
/// each check, and is the third frame of a crash.
#define SPY_EXPECT_PRE(call, block, size_bytes, is_spied)                                          \
    do {                                                                                           \
        spy_expect_check_pre_due(call);                                                            \
        spy_expect_check_block(call, block);                                                       \
        spy_expect_check_size(call, size_bytes);                                                   \
        spy_expect_check_spied(call, is_spied);                                                    \
    } while (0)
void spy_expect_asked(bool refuses);

/// Likewise of a Post method, which is told `actual` and answers `answer`.
#define SPY_EXPECT_POST(call, actual, is_spied, answer)                                            \
    do {                                                                                           \
        spy_expect_check_post_due(call);                                                           \
        spy_expect_check_was_spied(call, is_spied);                                                \
        spy_expect_check_block_size(call, actual);                                                 \
        spy_expect_check_asked_about(call, actual);                                                \
        spy_expect_answered(answer);                                                               \
        spy_expect_check_done();                                                                   \
        spy_expect_check_pages(call);                                                              \
    } while (0)

/// Their parts.
void spy_expect_check_pre_due(enum spy_call call);
void spy_expect_check_block(enum spy_call call, const void *block);
void spy_expect_check_size(enum spy_call call, size_t size_bytes);
void spy_expect_check_spied(enum spy_call call, bool is_spied);
void spy_expect_check_post_due(enum spy_call call);
void spy_expect_check_was_spied(enum spy_call call, bool is_spied);
void spy_expect_check_block_size(enum spy_call call, uintptr_t actual);
void spy_expect_check_asked_about(enum spy_call call, uintptr_t actual);
void spy_expect_answered(uintptr_t answer);
void spy_expect_check_done(void);
void spy_expect_check_pages(enum spy_call call);

/// QueryInterface, AddRef and Release are called.
void spy_expect_query(bool is_spy, bool is_found);
void spy_expect_add(void);
void spy_expect_release(void);

/// What is registered, or comes to be, or is revoked: CoRegisterMallocSpy and CoRevokeMallocSpy
/// have to answer this now.
HRESULT spy_expect_expected_register(enum spy_kind kind);
HRESULT spy_expect_expected_revoke(void);

/// CoRegisterMallocSpy has granted it: what the heap grants from now on is spied, and a spy of
/// these ways keeps so much of it.
void spy_expect_registered(unsigned ways);
void spy_expect_revoked(void);
bool spy_expect_is_registered(void);

#endif

// The sequence that a spy has to hear: a naive model of the registered spy, the nested calls under
// way, and the next method of each. Every method of the spy checks here that it is its turn.
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

/// Begins a call that a registered spy has to hear. Returns whether a spy hears it; then the caller
/// passes its answer to spy_expect_end.
bool spy_expect_begin(struct heap *heap, enum spy_call call, const void *block, size_t size_bytes);
void spy_expect_end(uintptr_t answer);

/// Checks that it is the turn of a Pre method, and that its arguments are right. spy_expect_asked
/// then receives whether the spy refuses. A macro makes the method itself call each check, as the
/// third frame of a crash.
#define SPY_EXPECT_PRE(call, block, size_bytes, is_spied)                                          \
    do {                                                                                           \
        spy_expect_check_pre_due(call);                                                            \
        spy_expect_check_block(call, block);                                                       \
        spy_expect_check_size(call, size_bytes);                                                   \
        spy_expect_check_spied(call, is_spied);                                                    \
    } while (0)
void spy_expect_asked(bool refuses);

/// Checks the same of a Post method, which receives `actual` and returns `answer`.
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

/// Do the parts of both macros.
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

/// Check a call of QueryInterface, AddRef or Release.
void spy_expect_query(bool is_spy, bool is_found);
void spy_expect_add(void);
void spy_expect_release(void);

/// Return the results that CoRegisterMallocSpy of this kind, and CoRevokeMallocSpy, must give now.
HRESULT spy_expect_expected_register(enum spy_kind kind);
HRESULT spy_expect_expected_revoke(void);

/// Records that CoRegisterMallocSpy has granted a spy of these ways. From now on every granted
/// block is spied, and the spy keeps bytes of it as its ways say.
void spy_expect_registered(unsigned ways);

/// Records that the spy goes when its last block does.
void spy_expect_revoked(void);

bool spy_expect_is_registered(void);

#endif

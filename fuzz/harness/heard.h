// What a spy has to hear: a naive model of who is registered, which calls are under way, one inside
// of the other, and which method comes next in each. Every method of the spy asks here whether it
// is its turn.
#ifndef HARNESS_HEARD_H
#define HARNESS_HEARD_H

#include "harness/run.h"
#include "harness/spy.h"

enum heard_call {
    HEARD_ALLOC,
    HEARD_FREE,
    HEARD_REALLOC,
    HEARD_SIZE,
    HEARD_OWNS,
    HEARD_MINIMIZE,
    HEARD_REGISTER,
    HEARD_REVOKE,
};

/// A call that a registered spy has to hear comes next. Returns whether there is one; then
/// heard_end has to be told what it answered.
bool heard_begin(enum heard_call call, const void *block, size_t size_bytes);
void heard_end(const struct run *run, uintptr_t answer);

/// A Pre method is called: it must be its turn, and these its arguments. heard_asked tells what
/// comes of it: whether the spy refuses. These are macros, so that the method itself calls each
/// check, and is the third frame of a crash.
#define HEARD_PRE(call, block, size_bytes, is_spied)                                               \
    do {                                                                                           \
        heard_check_pre_due(call);                                                                 \
        heard_check_block(call, block);                                                            \
        heard_check_size(call, size_bytes);                                                        \
        heard_check_spied(call, is_spied);                                                         \
    } while (0)
void heard_asked(bool refuses);

/// Likewise of a Post method, which is told `actual` and answers `answer`.
#define HEARD_POST(call, actual, is_spied, answer)                                                 \
    do {                                                                                           \
        heard_check_post_due(call);                                                                \
        heard_check_was_spied(call, is_spied);                                                     \
        heard_check_block_size(call, actual);                                                      \
        heard_check_asked_about(call, actual);                                                     \
        heard_answered(answer);                                                                    \
        heard_check_done();                                                                        \
        heard_check_pages(call);                                                                   \
    } while (0)

/// Their parts.
void heard_check_pre_due(enum heard_call call);
void heard_check_block(enum heard_call call, const void *block);
void heard_check_size(enum heard_call call, size_t size_bytes);
void heard_check_spied(enum heard_call call, bool is_spied);
void heard_check_post_due(enum heard_call call);
void heard_check_was_spied(enum heard_call call, bool is_spied);
void heard_check_block_size(enum heard_call call, uintptr_t actual);
void heard_check_asked_about(enum heard_call call, uintptr_t actual);
void heard_answered(uintptr_t answer);
void heard_check_done(void);
void heard_check_pages(enum heard_call call);

/// QueryInterface, AddRef and Release are called.
void heard_query(bool is_spy, bool is_found);
void heard_add(void);
void heard_release(void);

/// What is registered, or comes to be, or is revoked: CoRegisterMallocSpy and CoRevokeMallocSpy
/// have to answer this now.
HRESULT heard_expected_register(enum spy_kind kind);
HRESULT heard_expected_revoke(void);

/// CoRegisterMallocSpy has granted it: what the heap grants from now on is spied, and a spy of
/// these ways keeps so much of it.
void heard_registered(size_t front_bytes, size_t tail_bytes);
void heard_revoked(void);
bool heard_is_registered(void);

/// Of the last request that was no spy's own: whether the spy refused it; what the caller sees of
/// it, and what the heap was asked for, when it was granted.
bool heard_was_refused(void);
size_t heard_held_bytes(void);
size_t heard_real_bytes(void);

#endif

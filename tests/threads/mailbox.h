// A place for one block on its way from one thread to another. Only the release and the acquire
// here make one thread see the other's writes: the heap must not need more.
#ifndef TESTS_THREADS_MAILBOX_H
#define TESTS_THREADS_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

#include "held.h"

enum mailbox_state { MAILBOX_EMPTY, MAILBOX_BUSY, MAILBOX_FULL };

/// All zeros is empty.
struct mailbox {
    _Atomic(enum mailbox_state) state;
    struct held held;
};

static inline bool mailbox_claim(struct mailbox *mailbox, enum mailbox_state from)
{
    enum mailbox_state expected = from;
    return atomic_compare_exchange_strong_explicit(&mailbox->state, &expected, MAILBOX_BUSY,
                                                   memory_order_acquire, memory_order_relaxed);
}

/// Leaves a block there if there is room. Then the caller no longer holds it.
static inline void mailbox_post(struct mailbox *mailbox, struct held *held)
{
    if (mailbox_claim(mailbox, MAILBOX_EMPTY)) {
        mailbox->held = *held;
        held->block = NULL;
        atomic_store_explicit(&mailbox->state, MAILBOX_FULL, memory_order_release);
    }
}

/// Takes the block from there, if there is one.
static inline void mailbox_receive(struct mailbox *mailbox, struct held *held)
{
    if (mailbox_claim(mailbox, MAILBOX_FULL)) {
        *held = mailbox->held;
        atomic_store_explicit(&mailbox->state, MAILBOX_EMPTY, memory_order_release);
    }
}

#endif

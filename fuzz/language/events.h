// Recorded calls, made a program. A block is named by its address, or by any number that belongs to
// no other live block. It has a slot only while it is live, so there may be more blocks than slots.
#ifndef LANGUAGE_EVENTS_H
#define LANGUAGE_EVENTS_H

#include "language/text.h"

enum event_call {
    EVENT_NONE,
    EVENT_ALLOCATE,
    EVENT_ALLOCATE_ZEROED,
    EVENT_ALLOCATE_ALIGNED,
    EVENT_REALLOCATE,
    EVENT_FREE,
    EVENT_RENAME, ///< No call: `old` is called `block` from now on.
    EVENT_LOST,   ///< A call whose block the recording does not name.
};

struct event {
    enum event_call call;
    uint64_t block; ///< The block that is returned, or freed; 0: NULL.
    uint64_t old;   ///< The block that is reallocated, or renamed.
    uint64_t size_bytes, alignment_bytes;
    uint64_t thread;
};

/// Names a block while its thread reallocates it: it has left its address, which another thread may
/// be given before the new one is known.
#define EVENT_MOVING(thread) (UINT64_MAX - (thread))

/// The calls so far. Those left out were refused, or are about blocks from before the recording.
struct event_counts {
    size_t calls, threads, left_out;
    size_t live_blocks, peak_blocks;
    uint64_t live_bytes, peak_bytes;
};

/// Empties `program`, which gets up to `most` ops from op `first` on, counted from 0. Before them
/// it gets the state of the recording there: its live blocks, lane and alignment.
void events_begin(struct program *program, size_t first, size_t most);

/// From now on, calls `end` with each full window when another op follows. It returns how many ops
/// the next one gets, which begins there. NULL: there is one window again.
void events_in_turn(size_t (*end)(const struct program *window));

/// Adds the ops of an event. Returns a sentence iff it exceeds a limit: SLOTS live blocks, or
/// SIZE_LITERAL_MAX bytes. Otherwise returns NULL.
const char *events_add(const struct event *event);

/// Returns whether the program has all of its ops.
bool events_are_enough(void);

/// Returns whether a block is live.
bool events_know(uint64_t block);

const struct event_counts *events_counts(void);

#endif

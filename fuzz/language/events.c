// Gives slots to blocks and lanes to threads, and cuts the window. Knows no form of a recording.

#include "language/events.h"

#include <string.h>

#include "language/size.h"

#define NO_BLOCK UINT32_MAX
#define NO_SLOT SLOTS
#define THREADS_KNOWN 64U // Any more are on the last lane.

static struct {
    struct program *program;
    size_t first, most, ops;
    size_t (*end)(const struct program *window); ///< See events_in_turn; NULL: there is one window.
    struct event_counts counts;
    uint64_t threads[THREADS_KNOWN];
    enum lane lane;
    uint16_t alignment; ///< Of the align that is written and not yet used; 0: none.

    uint32_t used;           ///< No slot from it on was ever taken.
    uint32_t lowest_free;    ///< No slot below it is free.
    uint64_t name_of[SLOTS]; ///< Of the slot's block; 0: the slot is free.
    uint32_t size_of[SLOTS]; ///< NO_BLOCK: a reallocation to 0 freed it, or none is allocated yet.
    uint32_t heads[SLOTS];   ///< By hash of the name: a slot plus 1. 0: none.
    uint32_t nexts[SLOTS];   ///< The next of the same hash, in the same way.
} events;

static uint32_t *head_of(uint64_t name)
{
    return &events.heads[name * UINT64_C(0x9e3779b97f4a7c15) >> 48];
}

static uint32_t find(uint64_t name)
{
    uint32_t next = name == 0 ? 0 : *head_of(name);
    while (next != 0 && events.name_of[next - 1] != name) {
        next = events.nexts[next - 1];
    }
    return next == 0 ? NO_SLOT : next - 1;
}

static void give_name(uint32_t slot, uint64_t name)
{
    events.name_of[slot] = name;
    events.nexts[slot] = *head_of(name);
    *head_of(name) = slot + 1;
}

static void take_name(uint32_t slot)
{
    uint32_t *link = head_of(events.name_of[slot]);
    while (*link != slot + 1) {
        link = &events.nexts[*link - 1];
    }
    *link = events.nexts[slot];
    events.name_of[slot] = 0;
}

static uint32_t find_free(void)
{
    while (events.lowest_free < SLOTS && events.name_of[events.lowest_free] != 0) {
        events.lowest_free++;
    }
    return events.lowest_free;
}

// Notes the size that a slot's block has from now on.
static void note_size(uint32_t slot, uint32_t size_bytes)
{
    struct event_counts *counts = &events.counts;
    if (events.size_of[slot] != NO_BLOCK) {
        counts->live_blocks--;
        counts->live_bytes -= events.size_of[slot];
    }
    events.size_of[slot] = size_bytes;
    if (size_bytes != NO_BLOCK) {
        counts->live_blocks++;
        counts->live_bytes += size_bytes;
    }
    if (counts->live_blocks > counts->peak_blocks) {
        counts->peak_blocks = counts->live_blocks;
    }
    if (counts->live_bytes > counts->peak_bytes) {
        counts->peak_bytes = counts->live_bytes;
    }
}

static void take_slot(uint32_t slot, uint64_t name)
{
    events.size_of[slot] = NO_BLOCK;
    give_name(slot, name);
    events.used = slot < events.used ? events.used : slot + 1;
}

static void give_slot_back(uint32_t slot)
{
    note_size(slot, NO_BLOCK);
    take_name(slot);
    events.lowest_free = slot < events.lowest_free ? slot : events.lowest_free;
}

static void begin_window(void)
{
    for (uint32_t slot = 0; slot < events.used; slot++) {
        if (events.name_of[slot] != 0 && events.size_of[slot] != NO_BLOCK) {
            program_add(events.program, (struct op){VERB_ALLOCATE, (uint16_t)slot,
                                                    size_literal(events.size_of[slot])});
        }
    }
    if (events.lane != LANE_FIRST) {
        program_add(events.program, (struct op){VERB_LANE, (uint16_t)events.lane, 0});
    }
    if (events.alignment != 0) {
        program_add(events.program, (struct op){VERB_ALIGN, events.alignment, 0});
    }
}

static void emit(enum verb verb, uint32_t slot, uint64_t size_bytes)
{
    if (events.end != NULL && events.ops - events.first == events.most) {
        events.most = events.end(events.program);
        events.first = events.ops;
        program_clear(events.program);
    }
    if (events.ops == events.first) {
        begin_window();
    }
    if (events.ops >= events.first && !events_are_enough()) {
        struct op op = {verb, (uint16_t)slot, size_literal((uint32_t)size_bytes)};
        program_add(events.program, op_canonical(op));
    }
    events.ops++;
}

static void enter_lane(uint64_t thread)
{
    struct event_counts *counts = &events.counts;
    size_t order = 0;
    while (order < counts->threads && events.threads[order] != thread) {
        order++;
    }
    if (order == counts->threads && order < THREADS_KNOWN) {
        events.threads[counts->threads++] = thread;
    }
    enum lane lane = order < THREADS_KNOWN ? LANE_FIRST + order % LANE_LAST : LANE_LAST;
    if (lane != events.lane) {
        emit(VERB_LANE, lane, 0);
        events.lane = lane;
    }
}

static void emit_align(uint64_t alignment_bytes)
{
    uint16_t doublings = 0;
    while (doublings < ALIGN_DOUBLINGS - 1 && align_bytes(doublings) < alignment_bytes) {
        doublings++;
    }
    if (doublings > 0) {
        emit(VERB_ALIGN, doublings, 0);
        events.alignment = doublings;
    }
}

void events_begin(struct program *program, size_t first, size_t most)
{
    for (uint32_t slot = 0; slot < events.used; slot++) { // All slots would be dear to clear.
        if (events.name_of[slot] != 0) {
            take_name(slot);
        }
    }
    program_clear(program);
    memset(&events.counts, 0, sizeof events.counts);
    events.program = program;
    events.first = first;
    events.most = most;
    events.ops = 0;
    events.lane = LANE_FIRST;
    events.used = events.lowest_free = events.alignment = 0;
}

void events_in_turn(size_t (*end)(const struct program *window))
{
    events.end = end;
}

// Adds the op of a block that the call returns. `slot` had it before; NO_SLOT: none had.
static const char *add_granted(const struct event *event, enum verb verb, uint32_t slot)
{
    if (event->size_bytes > SIZE_LITERAL_MAX) {
        return "the size is above 536870911";
    }
    if (slot == NO_SLOT && (slot = find_free()) == NO_SLOT) {
        return "more than 65536 blocks are live at once";
    }
    enter_lane(event->thread);
    if (event->call == EVENT_ALLOCATE_ALIGNED) {
        emit_align(event->alignment_bytes);
    }
    emit(verb, slot, event->size_bytes);
    events.alignment = 0;
    events.counts.calls++;
    if (slot >= events.used || events.name_of[slot] == 0) {
        take_slot(slot, event->block);
    } else if (events.name_of[slot] != event->block) {
        take_name(slot);
        give_name(slot, event->block);
    }
    bool frees =
        verb == VERB_REALLOCATE && event->size_bytes == 0 && events.size_of[slot] != NO_BLOCK;
    note_size(slot, frees ? NO_BLOCK : (uint32_t)event->size_bytes);
    return NULL;
}

static const char *add_free(const struct event *event)
{
    uint32_t slot = event->block == 0 ? find_free() : find(event->block);
    if (slot == NO_SLOT && event->block == 0) {
        return "more than 65536 blocks are live at once";
    }
    if (slot == NO_SLOT) {
        events.counts.left_out++;
        return NULL;
    }
    enter_lane(event->thread);
    emit(VERB_FREE, slot, 0);
    events.counts.calls++;
    if (event->block != 0) {
        give_slot_back(slot);
    }
    return NULL;
}

// Where it returns NULL, it has either freed the block or changed nothing.
static const char *add_reallocate(const struct event *event)
{
    uint32_t slot = find(event->old);
    if (event->block != 0) {
        uint32_t taken = find(event->block);
        if (taken != NO_SLOT && taken != slot) { // The recording has missed that it was freed.
            emit(VERB_FREE, taken, 0);
            give_slot_back(taken);
        }
        return add_granted(event, VERB_REALLOCATE, slot);
    }
    if (slot == NO_SLOT || event->size_bytes != 0) {
        events.counts.left_out++;
        return NULL;
    }
    enter_lane(event->thread);
    emit(VERB_REALLOCATE, slot, 0);
    events.counts.calls++;
    give_slot_back(slot);
    return NULL;
}

const char *events_add(const struct event *event)
{
    static const enum verb verbs[] = {[EVENT_ALLOCATE] = VERB_ALLOCATE,
                                      [EVENT_ALLOCATE_ZEROED] = VERB_ALLOCATE_ZEROED,
                                      [EVENT_ALLOCATE_ALIGNED] = VERB_ALLOCATE};
    uint32_t slot;
    switch (event->call) {
    case EVENT_FREE:
        return add_free(event);
    case EVENT_REALLOCATE:
        return add_reallocate(event);
    case EVENT_ALLOCATE:
    case EVENT_ALLOCATE_ZEROED:
    case EVENT_ALLOCATE_ALIGNED:
        if (event->block != 0) { // The slot of a live block of this name: it was freed unseen.
            return add_granted(event, verbs[event->call], find(event->block));
        }
        break;
    case EVENT_RENAME:
        if ((slot = find(event->old)) != NO_SLOT) {
            take_name(slot);
            give_name(slot, event->block);
        }
        return NULL;
    case EVENT_LOST:
        break;
    case EVENT_NONE:
        return NULL;
    }
    events.counts.left_out++;
    return NULL;
}

bool events_are_enough(void)
{
    bool has_one = events.end == NULL;
    return has_one && events.ops >= events.first && events.ops - events.first >= events.most;
}

bool events_know(uint64_t block)
{
    return find(block) != NO_SLOT;
}

const struct event_counts *events_counts(void)
{
    return &events.counts;
}

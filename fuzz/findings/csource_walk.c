// A program walked once more, with what its run was answered: each op becomes a call, or a loop of
// calls, of which all is known that it depends on.

#include "findings/csource_parts.h"
#include "runner/runner.h"

#include <stdlib.h>
#include <string.h>

#include "language/size.h"

static size_t size_of(const void *context, uint32_t slot)
{
    const struct csource *source = context;
    return slot < source->slot_count && source->slots[slot].is_live ? source->slots[slot].size_bytes
                                                                    : 0;
}

static size_t limit_of(const struct csource *source, enum verb verb)
{
    bool is_heap = !source->has_com || verb == VERB_ALLOCATE || verb == VERB_REALLOCATE;
    return is_heap ? source->plan->subject->policies.limit_bytes : SIZE_MAX;
}

// What the call at the slot was answered. Beyond the record, and where NULL broke a law, what it
// should have been.
static void read_answer(struct csource *source, struct csource_group *call, uintptr_t *block)
{
    bool is_read = source->answers_read < source->record->answers_made;
    bool is_last = source->answers_read + 1 == source->record->answers_made;
    call->is_over = call->size_bytes > limit_of(source, call->verb);
    call->is_granted = !call->is_over;
    *block = 0;
    if (is_read) {
        *block = source->record->answers[source->answers_read].block;
        call->is_refused = source->record->answers[source->answers_read].is_refused;
        source->answers_read++;
        call->is_granted = *block != 0 || (is_last && source->law == LAW_REASON);
    }
}

// Likewise of what was done with a stray pointer.
static void read_misuse(struct csource *source, struct csource_group *call)
{
    if (source->answers_read < source->record->answers_made) {
        call->misused = source->record->answers[source->answers_read].misused;
        call->misused_bytes = source->record->answers[source->answers_read].misused_bytes;
        source->answers_read++;
    }
}

static void count_live(struct csource *source, const struct csource_slot *before,
                       const struct csource_slot *after)
{
    source->live_blocks += after->is_live;
    source->live_blocks -= before->is_live;
    source->live_bytes += after->is_live ? after->size_bytes : 0;
    source->live_bytes -= before->is_live ? before->size_bytes : 0;
    if (source->live_bytes > source->peak_live_bytes) {
        source->peak_live_bytes = source->live_bytes;
    }
    source->is_unsure = source->is_unsure || after->is_open;
}

// The slot as it is after the call.
static void apply(struct csource *source, struct csource_group *call, uint32_t slot)
{
    struct csource_slot *held = &source->slots[slot];
    struct csource_slot before = *held;
    uintptr_t block = 0;
    if (verb_frees(call->verb)) {
        held->is_live = held->is_open = false;
    } else if (call->verb == VERB_WRITE || call->verb == VERB_PATTERN) {
        held->fills += held->is_live;
    } else if (csource_is_misuse(call->verb)) {
        read_misuse(source, call);
    } else if (verb_allocates(call->verb) || verb_reallocates(call->verb)) {
        bool was_live = verb_reallocates(call->verb) && held->is_live;
        read_answer(source, call, &block);
        bool is_given = call->is_granted && !call->is_over;
        if (was_live && call->size_bytes == 0) {
            held->is_live = false;
        } else if (is_given) {
            *held = (struct csource_slot){block, call->size_bytes, true, false, held->fills + 1};
        } else if (!was_live) {
            held->is_live = false;
            held->is_open = !call->is_over;
        }
    }
    count_live(source, &before, held);
}

static bool continues(const struct csource *source, const struct csource_group *group,
                      const struct csource_group *call)
{
    return group->last + 1 == call->first && group->slot.is_live == call->slot.is_live &&
           group->slot.is_open == call->slot.is_open && group->slot.fills == call->slot.fills &&
           group->is_granted == call->is_granted && group->is_over == call->is_over &&
           group->is_refused == call->is_refused &&
           (group->size_bytes == 0) == (call->size_bytes == 0) &&
           group->is_relative == call->is_relative && group->misused == call->misused &&
           group->misused_bytes == call->misused_bytes &&
           (group->slot.address == 0) == (call->slot.address == 0) &&
           (call->is_relative || strcmp(group->size, call->size) == 0) &&
           source->is_asked[group->first] == source->is_asked[call->first];
}

static bool may_repeat(struct csource *source, size_t size_bytes)
{
    source->repeated_calls++;
    source->repeated_bytes += size_bytes < RUN_REPEATED_SIZE ? size_bytes : RUN_REPEATED_SIZE;
    return source->repeated_calls <= RUN_REPEATED_CALLS &&
           source->repeated_bytes <= RUN_REPEATED_BYTES;
}

// Whether C has nothing to do for it.
static bool is_nothing(const struct csource *source, const struct csource_group *group)
{
    switch (group->verb) {
    case VERB_OWNS:
    case VERB_OWNS_ADDRESS:
    case VERB_BAD_FREE:
    case VERB_BAD_REALLOCATE:
    case VERB_BAD_ADDRESS:
    case VERB_SCRIBBLE:
        return !source->has_world;
    case VERB_CHECK:
        return !group->slot.is_live || !csource_checks(source, LAW_BYTES);
    case VERB_WRITE:
    case VERB_PATTERN:
        return !group->slot.is_live || !csource_fills(source);
    default:
        return false;
    }
}

static void emit(struct csource *source, struct csource_group *group)
{
    char own[CSOURCE_NAME_BYTES];
    if (is_nothing(source, group)) {
        return;
    }
    csource_name(source, "size_b", group, own);
    group->is_relative =
        csource_size(source, group->size_code, own, group->size_bytes, group->size);
    if (group->is_relative &&
        (group->verb == VERB_SCRIBBLE || verb_operands(group->verb)[0] != 's')) {
        (void)snprintf(group->size, sizeof group->size, "%zu", group->size_bytes);
        group->is_relative = false; // It is a number, or not in the source at all.
    }
    csource_calls(source, group);
}

// A call on a slot, as many times as it is repeated.
static void walk_slots(struct csource *source, struct op op, uint32_t repeats)
{
    struct csource_group group = {.first = SLOTS};
    for (uint32_t i = 0; i <= repeats; i++) {
        uint32_t slot = (op.slot + i) % SLOTS;
        struct csource_group call = {
            .verb = op.verb,
            .first = slot,
            .last = slot,
            .size_code = op.size_code,
            .slot = source->slots[slot],
            .size_bytes = size_resolve(op.size_code, slot, size_of, source),
        };
        if (i > 0 && !may_repeat(source, call.size_bytes)) {
            break;
        }
        call.is_relative = csource_size(source, op.size_code, "", call.size_bytes, call.size);
        apply(source, &call, slot);
        if (group.first != SLOTS && continues(source, &group, &call)) {
            group.last = slot;
            continue;
        }
        if (group.first != SLOTS) {
            emit(source, &group);
        }
        group = call;
    }
    emit(source, &group);
}

static void walk_op(struct csource *source, struct op op, uint32_t repeats)
{
    switch (op.verb) {
    case VERB_REPEAT:
        break;
    case VERB_WORLD:
        csource_next_world(source, size_resolve(op.size_code, op.slot, size_of, source), op.slot);
        break;
    case VERB_REFUSE:
        source->is_scarce = true;
        if (source->has_world) {
            csource_say(source, "will_refuse = true;");
            csource_say(source, "granted_before_refusal = %u;", op.slot);
        }
        break;
    case VERB_MINIMIZE:
        if (source->has_world) {
            csource_say(source, "ch_heap_minimize(engine);");
            csource_footprint(source);
        }
        source->is_mixed = source->is_mixed && source->live_blocks > 0;
        break;
    case VERB_LANE:
        csource_select_lane(source, (enum lane)(op.slot % LANES));
        break;
    case VERB_SPY: // It is as long as the harness's, and no law that C code checks needs it.
        csource_say(source, "// Left out: a spy of the ways %u, and what it did to these calls.",
                    op.slot);
        break;
    case VERB_REVOKE:
        csource_say(source, "// Left out: the spy is revoked.");
        break;
    case VERB_GET_MALLOC:
    case VERB_QUERY:
        csource_ask_com(source, op);
        break;
    default:
        walk_slots(source, op, verb_takes_slot(op.verb) ? repeats : 0);
        break;
    }
}

static bool takes_size(enum verb verb)
{
    return strchr(verb_operands(verb), 'z') != NULL;
}

// What the run asks between two ops, of the heap and, where it broke, of every block.
static void look(struct csource *source, bool is_broken, struct op op)
{
    struct csource_slot **list;
    if (op.verb == VERB_REPEAT || op.verb == VERB_REFUSE || op.verb == VERB_LANE ||
        op.verb == VERB_SPY || op.verb == VERB_REVOKE) {
        return;
    }
    if (is_broken &&
        (source->law == LAW_EXACT_SIZE || source->law == LAW_BYTES || source->law == LAW_MISUSE)) {
        size_t count = csource_list_live(source, &list);
        bool is_seen = count == 1 && source->law == LAW_EXACT_SIZE && takes_size(op.verb);
        csource_each(source, list, is_seen ? 0 : count, csource_look);
        free(list);
    }
    if (csource_checks(source, LAW_INVARIANT)) {
        csource_say(source, "expect_invariants();");
    }
    if (csource_checks(source, LAW_COUNTS)) {
        csource_need(source, PART_COUNTS);
        csource_say(source, "expect_counts(\"counts\");");
    }
}

void csource_walk(struct csource *source)
{
    uint32_t repeats = 0;
    csource_begin_world(source, RUN_ARENA_BYTES, 0);
    for (size_t i = 0; i < source->program->count && i <= source->broken_op; i++) {
        struct op op = source->program->ops[i];
        bool is_broken = i == source->broken_op;
        if (is_broken) {
            fprintf(source->body, "\n    // Here %s.\n",
                    source->law < LAWS ? "the law is broken" : "the run ends");
        }
        walk_op(source, op, repeats);
        look(source, is_broken, op);
        repeats = op.verb == VERB_REPEAT ? op.slot : 0;
    }
    if (source->broken_op >= source->program->count) {
        fprintf(source->body, "\n");
        csource_end_world(source);
    }
}

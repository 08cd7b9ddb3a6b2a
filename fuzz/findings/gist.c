// Puts an answer in words: granted or not, where the block lies among the others, its size. Knows
// no law: an answer that breaks one has no gist.

#include "findings/gist.h"

#include <stdio.h>
#include <string.h>

#include "findings/history.h"
#include "language/size.h"
#include "laws/model.h"
#include "laws/place.h"

// A block is past another one, or before it, if they begin at most this far from each other.
#define NEAR_BYTES 4096U

// The state before the op.
static struct {
    struct held held; // The op's own slot.
    size_t size_bytes;
} before;

static uint32_t slots_end; // Of the slots that the program names.

static struct op op_of(const struct run *run)
{
    return run->program->ops[run->op_index];
}

static void find_slots_end(const struct program *program)
{
    slots_end = 0;
    for (size_t i = 0; i < program->count; i++) {
        uint32_t after = program->ops[i].slot + history_calls(program, i);
        slots_end = verb_takes_slot(program->ops[i].verb) && after > slots_end ? after : slots_end;
    }
    slots_end = slots_end < SLOTS ? slots_end : SLOTS;
}

void gist_note(const struct run *run)
{
    struct op op = op_of(run);
    if (run->op_index == 0) {
        find_slots_end(run->program);
    }
    before.held = model.slots[op.slot];
    before.size_bytes = size_resolve(op.size_code, op.slot, model_size_of, NULL);
}

// Returns whether the op's slot is empty because the block for it was refused.
static bool was_refused(const struct run *run)
{
    if (before.held.is_live || verb_allocates(run->verb)) {
        return false;
    }
    size_t maker = history_maker(run, 0, run->op_index, op_of(run).slot);
    return maker != HISTORY_NONE && run->answers[maker].value == 0 &&
           run->answers[maker].size_bytes > 0;
}

// Returns why the op made another call than its own; NULL: it did not.
static const char *reason_for_other_call(const struct run *run)
{
    const struct subject *subject = run->heap.subject;
    const struct heapfuzz_port *port = &subject->port;
    bool resizes = verb_reallocates(run->verb);
    bool lacks_zeroed = run->verb == VERB_ALLOCATE_ZEROED && port->allocate_zeroed == NULL;
    bool lacks_aligned = run->alignment_bytes != 0 && port->allocate_aligned == NULL;
    if (lacks_zeroed || lacks_aligned || (resizes && port->reallocate == NULL)) {
        return "no such call";
    }
    bool is_null = resizes && !before.held.is_live;
    if (was_refused(run)) {
        return "no block";
    }
    bool is_avoided = subject_allowed_bytes(subject, before.size_bytes) != before.size_bytes;
    bool takes_null = port->policies.reallocate_takes_null != HEAPFUZZ_NO;
    return is_avoided || (is_null && !takes_null) ? "not asked" : NULL;
}

// Says which freed block's place a new block has. Returns false iff none was freed.
static bool print_reuse(const struct run *run, uintptr_t block, char *text)
{
    bool has_freed = false;
    for (uint32_t slot = 0; slot < slots_end; slot++) {
        bool is_own = slot == op_of(run).slot;
        const struct held *held = is_own ? &before.held : &model.slots[slot];
        uintptr_t begin = (uintptr_t)held->block;
        if (begin == 0 || (held->is_live && !is_own)) {
            continue;
        }
        if (!has_freed) {
            (void)snprintf(text, GIST_BYTES, "elsewhere");
            has_freed = true;
        }
        if (block == begin) {
            (void)snprintf(text, GIST_BYTES, "at b%u", slot);
            return true;
        }
        if (block > begin && block - begin < (is_own ? held->size_bytes : held->last_bytes)) {
            (void)snprintf(text, GIST_BYTES, "in b%u, +%zu", slot, (size_t)(block - begin));
        }
    }
    return has_freed;
}

// Says how far from the nearest live block a new block begins.
static void print_granted(const struct run *run, uintptr_t block, char *text)
{
    struct neighbours near = model_neighbours((const void *)block);
    size_t past = near.previous == NULL ? SIZE_MAX : block - (uintptr_t)near.previous->block;
    size_t before_next = near.next == NULL ? SIZE_MAX : (uintptr_t)near.next->block - block;
    bool is_past = past <= before_next;
    const struct held *other = is_past ? near.previous : near.next;
    size_t apart = is_past ? past : before_next;
    if (print_reuse(run, block, text)) {
        return;
    }
    if (apart <= NEAR_BYTES) {
        (void)snprintf(text, GIST_BYTES, "%zu %s b%u", apart, is_past ? "past" : "before",
                       (unsigned)(other - model.slots));
    } else {
        (void)snprintf(text, GIST_BYTES, "granted");
    }
}

static void print_several(const struct run *run, uint32_t calls, char *text)
{
    uint32_t granted = 0;
    for (uint32_t i = 0; i < calls; i++) {
        granted += model.slots[(op_of(run).slot + i) % SLOTS].is_live;
    }
    (void)snprintf(text, GIST_BYTES, "%u of %u", granted, calls);
}

static void print_request(const struct run *run, char *text)
{
    const struct answer *answer = &run->answers[run->op_index];
    uint32_t calls = history_calls(run->program, run->op_index);
    bool was_resized = verb_reallocates(run->verb) && before.held.is_live;
    const char *other = reason_for_other_call(run);
    const char *word = NULL;
    if (other != NULL) {
        word = other;
    } else if (calls > 1) {
        print_several(run, calls, text);
    } else if (answer->value == 0) {
        bool is_freed = was_resized && !model.slots[op_of(run).slot].is_live;
        word = is_freed ? "freed" : answer->size_bytes == 0 ? "NULL" : "refused";
    } else if (was_resized) {
        word = answer->value == (uintptr_t)before.held.block ? "in place" : "moved";
    } else {
        print_granted(run, answer->value, text);
    }
    if (word != NULL) {
        (void)snprintf(text, GIST_BYTES, "%s", word);
    }
}

static void print_free(const struct run *run, char *text)
{
    bool takes_null = run->heap.subject->port.policies.free_takes_null != HEAPFUZZ_NO;
    (void)snprintf(text, GIST_BYTES, "%s",
                   before.held.is_live ? "freed"
                   : takes_null        ? "no effect"
                                       : "not asked");
}

static void print_answer(const struct run *run, char *text)
{
    const struct heapfuzz_port *port = &run->heap.subject->port;
    const struct answer *answer = &run->answers[run->op_index];
    enum action action = verb_action(run->verb);
    bool has_call = action == ACTION_SIZE       ? port->size != NULL
                    : action == ACTION_MINIMIZE ? port->minimize != NULL
                                                : port->owns != NULL;
    if (answer->is_made && answer->kind == ANSWER_SIZE) {
        (void)snprintf(text, GIST_BYTES, "size %s", place_size(answer->value));
    } else if (answer->is_made && answer->kind == ANSWER_NUMBER) {
        (void)snprintf(text, GIST_BYTES, "owns %d", (int)answer->value);
    } else {
        (void)snprintf(text, GIST_BYTES, "%s",
                       !has_call                   ? "no such call"
                       : was_refused(run)          ? "no block"
                       : action == ACTION_MINIMIZE ? "done"
                                                   : "not asked");
    }
}

void gist_print(const struct run *run, char text[GIST_BYTES])
{
    switch (verb_action(run->verb)) {
    case ACTION_ALLOCATE:
    case ACTION_REALLOCATE:
        print_request(run, text);
        break;
    case ACTION_FREE:
        print_free(run, text);
        break;
    case ACTION_SIZE:
    case ACTION_OWNS:
    case ACTION_MINIMIZE:
        print_answer(run, text);
        break;
    case ACTION_MISUSE: // Only asked, and by target misuse alone more than that.
    case ACTION_EXTENSION:
    case ACTION_OTHER:
        (void)snprintf(text, GIST_BYTES, "%s",
                       run->heap.is_substitute && run->verb == VERB_WORLD ? "no room" : "done");
    }
}

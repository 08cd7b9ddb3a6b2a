// Chooses the features that the ops of a program need, up to the one that ends the run.

#include "findings/csource_parts.h"

#include <string.h>

#include "language/size.h"
#include "laws/fill.h"
#include "runner/runner.h"

static bool is_relative(uint32_t size_code)
{
    char text[SIZE_TEXT_BYTES];
    size_print(size_code, text);
    return strncmp(text, "size", 4) == 0;
}

static bool reallocates(const struct csource *source, struct op op)
{
    return verb_reallocates(op.verb) && source->plan->subject->port.reallocate != NULL;
}

static void choose_request(struct csource *source, struct op op)
{
    bool is_realloc = reallocates(source, op);
    bool is_any = is_relative(op.size_code);
    size_t size_bytes = is_any ? 0 : size_resolve(op.size_code, 0, NULL, NULL);
    csource_need(source, is_any, "RELATIVE");
    csource_need(source, is_any || size_bytes > FILL_WHOLE_BYTES, "LARGE");
    csource_need(source, is_realloc, "REALLOCATES");
    csource_need(source, is_realloc && (is_any || size_bytes == 0), "TOZERO");
}

// Chooses the features of programs that allocate into a slot that was used before, and of those
// whose repeats may be too many to run.
static void choose_slots(struct csource *source)
{
    bool is_used[SLOTS] = {false};
    uint32_t repeats = 0;
    size_t calls = 0;
    for (size_t i = 0; i < source->program->count && i <= source->end.op_index; i++) {
        struct op op = source->program->ops[i];
        bool takes_block = verb_allocates(op.verb) || verb_reallocates(op.verb);
        for (uint32_t k = 0; takes_block && k <= repeats; k++) {
            bool *is_slot_used = &is_used[(op.slot + k) % SLOTS];
            csource_need(source, *is_slot_used && !reallocates(source, op), "REUSES");
            *is_slot_used = true;
        }
        calls += repeats;
        repeats = op.verb == VERB_REPEAT ? op.slot : 0;
    }
    bool is_small = !csource_has(source, "LARGE") && calls <= RUN_REPEATED_CALLS &&
                    calls * FILL_WHOLE_BYTES <= RUN_REPEATED_BYTES;
    csource_need(source, !is_small, "MANYREPEATS");
}

static void choose_op(struct csource *source, struct op op)
{
    bool takes_pages = subject_takes_pages(source->plan->subject);
    bool is_misuse = verb_action(op.verb) == ACTION_MISUSE && source->has_misuse;
    bool is_scarce = op.verb == VERB_REFUSE || (op.verb == VERB_WORLD && op.slot > 0);
    source->has_spies |= verb_family(op.verb) == FAMILY_SPY;
    csource_need(source,
                 op.verb == VERB_ALIGN && source->plan->subject->port.allocate_aligned != NULL,
                 "ALIGNS");
    csource_need(source,
                 op.verb == VERB_ALIGN && source->plan->subject->port.allocate_aligned != NULL &&
                     source->plan->subject->port.reallocate_aligned != NULL,
                 "REALIGNS");
    csource_need(source,
                 op.verb == VERB_RANGE && subject_takes_range(source->plan->subject) &&
                     source->plan->subject->port.add_range != NULL,
                 "REGIONS");
    csource_need(source, takes_pages && (is_scarce || op.verb == VERB_SCRIBBLE), "WORLD");
    csource_need(source, takes_pages && op.verb == VERB_SCRIBBLE, "MAP");
    csource_need(source, source->has_misuse && op.verb == VERB_SCRIBBLE, "LASTSIZE");
    csource_need(source, is_misuse, "FAULTS");
    csource_need(source,
                 source->has_com && (is_misuse || (verb_face(op.verb) != FACE_HEAP &&
                                                   verb_action(op.verb) != ACTION_EXTENSION)),
                 "COM");
    if (verb_allocates(op.verb) || verb_reallocates(op.verb)) {
        choose_request(source, op);
    }
}

void csource_choose_ops(struct csource *source)
{
    for (size_t i = 0; i < source->program->count; i++) {
        choose_op(source, source->program->ops[i]);
    }
    csource_need(source, source->checks[LAW_FREED], "LASTSIZE");
    choose_slots(source);
}

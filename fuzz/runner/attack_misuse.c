// The misuse of an attack, made unchecked: a stray pointer that is freed or reallocated, or a write
// outside of live blocks. Judges only whether a block lies in an object of the caller's.

#include "runner/attack_parts.h"

#include <string.h>

#include "laws/misuse.h"
#include "laws/model.h"
#include "laws/oracle.h"
#include "laws/place.h"
#include "runner/answers.h"
#include "world/asan.h"
#include "world/world.h"

// The slot of a block that a reallocation of a stray pointer returns.
#define GRANTED_SLOT 99U

struct attack_trial attack_trial;

static void note_fault(const struct heapfuzz_port *port)
{
    const void *where;
    attack_trial.trace->is_caught = port->fault != NULL && port->fault(&where) != NULL;
}

static bool is_object(uintptr_t address)
{
    return address - (uintptr_t)attack_trial.object < ATTACK_OBJECT_BYTES;
}

static CHECK void check_outside(uint32_t slot, const void *block)
{
    if (is_object((uintptr_t)block)) {
        place_granted(slot, block, 0, "not inside");
        law_broken_INSIDE("b%u is at %s, in an object of the caller's", slot,
                          place_name((uintptr_t)block));
    }
}

static void misuse_pointer_now(struct run *run, uintptr_t address, enum heapfuzz_misuse kind)
{
    struct heap *heap = &run->heap;
    enum heapfuzz_stray stray =
        is_object(address) ? HEAPFUZZ_STRAY_FOREIGN : misuse_find(heap, address);
    run_answer(run, (struct answer){.kind = ANSWER_STRAY, .value = address, .size_bytes = stray});
    if (model_starts_at((const void *)address)) {
        return; // Another block has taken its place, and may be freed.
    }
    attack_trial.trace->is_made = true;
    attack_trial.trace->promised = misuse_effect(heap, kind, address, stray);
    if (kind == HEAPFUZZ_MISUSE_FREE) {
        heap_free(heap, FACE_HEAP, (void *)address);
        note_fault(&heap->subject->port);
        return;
    }
    size_t size_bytes = (size_t)2 * attack_trial.variant.size_bytes;
    void *block = heap_reallocate(heap, FACE_HEAP, (void *)address, size_bytes);
    note_fault(&heap->subject->port);
    if (block != NULL) {
        attack_trial.trace->is_granted = true;
        check_outside(GRANTED_SLOT, block);
        (void)oracle_allocated(heap, GRANTED_SLOT, FACE_HEAP, block, size_bytes);
    }
}

UNINSTRUMENTED static size_t read_word(const unsigned char *address)
{
    size_t word = 0;
    for (size_t i = 0; i < sizeof word; i++) {
        ((unsigned char *)&word)[i] = ((const volatile unsigned char *)address)[i];
    }
    return word;
}

static void write_word(uintptr_t address, size_t word)
{
    uint64_t pattern = word;
    if (sizeof word < sizeof pattern) {
        pattern |= pattern << 32;
    }
    misuse_write(address, sizeof word, pattern);
}

// Makes the numbers of a header larger that can be sizes. Where there is none, forges one.
static void enlarge_header(uintptr_t address)
{
    bool has_size = false;
    for (size_t at = 0; at < ATTACK_HEADER_BYTES; at += sizeof(size_t)) {
        size_t word = read_word((const unsigned char *)address + at);
        if (word > 0 && word < (size_t)1 << 20) {
            write_word(address + at, word + ATTACK_FORGED_BYTES);
            has_size = true;
        }
    }
    if (!has_size) {
        write_word(address + sizeof(size_t), ATTACK_FORGED_BYTES + 1);
    }
}

// Returns whether bytes beside a block, or of a freed one, are in the heap's memory, as far as that
// is known, and not all of live blocks.
static bool can_write(const struct heap *heap, const struct held *held, uintptr_t address,
                      size_t size_bytes)
{
    uintptr_t own = (uintptr_t)held->block +
                    (address < (uintptr_t)held->block ? 0 : held->size_bytes - held->is_live);
    bool is_near = address / WORLD_PAGE_BYTES == own / WORLD_PAGE_BYTES &&
                   (address + size_bytes - 1) / WORLD_PAGE_BYTES == own / WORLD_PAGE_BYTES;
    bool is_any_free = false;
    for (size_t i = 0; i < size_bytes && !is_any_free; i++) {
        is_any_free = !model_holds((const void *)(address + i));
    }
    return (is_near || !held->is_live) && is_any_free &&
           (subject_ignores_world(heap->subject) || world_holds((const void *)address, size_bytes));
}

static void write_now(struct run *run, uint32_t slot, size_t size_bytes)
{
    const struct held *held = &model.slots[slot];
    const struct heapfuzz_misuses *promises = subject_misuses(run->heap.subject);
    const char *way = attack_trial.variant.way;
    bool is_header = held->is_live && size_bytes == 16;
    uintptr_t start = (uintptr_t)held->block;
    uintptr_t address = is_header ? start - ATTACK_HEADER_BYTES : start + held->size_bytes;
    size_bytes = is_header ? ATTACK_HEADER_BYTES : size_bytes;
    run_answer(run,
               (struct answer){.kind = ANSWER_WRITTEN, .value = address, .size_bytes = size_bytes});
    if (!can_write(&run->heap, held, address, size_bytes)) {
        return;
    }
    attack_trial.trace->is_made = true;
    if (promises->survives_writes || (promises->survives_freed_writes && model_is_freed(slot))) {
        attack_trial.trace->promised = HEAPFUZZ_IGNORED;
    }
    if (strcmp(way, "larger") == 0) {
        enlarge_header(address);
    } else {
        misuse_write(address, size_bytes,
                     strcmp(way, "zeros") == 0    ? 0
                     : strcmp(way, "itself") == 0 ? start
                     : strcmp(way, "object") == 0
                         ? (uintptr_t)attack_trial.object + ATTACK_POINTER_OFFSET
                         : UINT64_C(0x9e3779b97f4a7c15));
    }
}

void attack_misuse(struct run *run, uint32_t slot, size_t size_bytes)
{
    const void *block = model.slots[slot].block;
    uintptr_t address = block == NULL ? (uintptr_t)attack_trial.object + ATTACK_POINTER_OFFSET
                                      : (uintptr_t)block + size_bytes;
    if (run->verb == VERB_SCRIBBLE) {
        write_now(run, slot, size_bytes);
    } else {
        misuse_pointer_now(run, address,
                           run->verb == VERB_BAD_FREE ? HEAPFUZZ_MISUSE_FREE
                                                      : HEAPFUZZ_MISUSE_REALLOCATE);
    }
    run_count(run, OUTCOME_DONE);
}

// A heap that has memory of its own may have been made to take the caller's.
void attack_look(const struct run *run)
{
    (void)run;
    for (size_t i = 0; i < model.live_blocks; i++) {
        check_outside(model_live_slot(i), model.slots[model_live_slot(i)].block);
    }
}

// Half of the sizes are at most 256 bytes, a quarter small, the rest large. Asserts nothing itself,
// so that it can run on a thread: it keeps the first wrong answer as a sentence.

#include "churn.h"

#include "engine/class.h"
#include "laws/fill.h"

uint64_t churn_random(uint64_t *state)
{
    *state = *state * 0x5851f42d4c957f2dU + 0x14057b7ef767814fU;
    uint64_t mixed = (*state ^ *state >> 31) * 0x9e3779b97f4a7c15U;
    return mixed ^ mixed >> 29;
}

static size_t below(struct churn *churn, size_t end)
{
    return (size_t)(churn_random(&churn->random) % end);
}

static size_t any_size(struct churn *churn)
{
    size_t kind = below(churn, 8);
    size_t most = kind < 4 ? 256 : kind < 6 ? CH_SMALL_BYTES : churn->most_bytes;
    return below(churn, (most < churn->most_bytes ? most : churn->most_bytes) + 1);
}

static void claim(struct churn *churn, bool holds, const char *sentence)
{
    if (!holds && churn->wrong == NULL) {
        churn->wrong = sentence;
    }
}

static void look_at(struct churn *churn, const struct churn_slot *slot, size_t kept_bytes)
{
    claim(churn, (uintptr_t)slot->block % CH_GRANULE_BYTES == 0, "a block is not aligned");
    claim(churn, ch_heap_size_bytes(churn->heap, slot->block) == slot->size_bytes,
          "a size is not exact");
    claim(churn, ch_heap_owns(churn->heap, slot->block), "a live block is not owned");
    if (!churn->leaves_blocks) {
        claim(churn, fill_find_poisoned(slot->block, slot->size_bytes) == NULL,
              "a byte of a live block is poisoned");
        claim(churn,
              fill_find_wrong(slot->block, slot->size_bytes, fill_of(slot->seed), kept_bytes) ==
                  SIZE_MAX,
              "a byte of a live block has changed");
    }
}

static void settle(struct churn *churn, struct churn_slot *slot, void *block, size_t size_bytes)
{
    slot->block = block;
    slot->size_bytes = size_bytes;
    slot->seed = churn_random(&churn->random);
    if (!churn->leaves_blocks && block != NULL) {
        fill_write(block, size_bytes, fill_of(slot->seed));
    }
}

// Returns a size that the block can have in its place.
static size_t staying_size(struct churn *churn, size_t size_bytes)
{
    if (size_bytes > CH_SMALL_BYTES) {
        return CH_SMALL_BYTES + 1 + below(churn, size_bytes - CH_SMALL_BYTES);
    }
    size_t most = ch_class_bytes(ch_class_of(size_bytes));
    return most - below(churn, CH_GRANULE_BYTES);
}

static void reallocate(struct churn *churn, struct churn_slot *slot)
{
    size_t size_bytes = churn->stays ? staying_size(churn, slot->size_bytes) : any_size(churn);
    void *block = ch_heap_realloc(churn->heap, slot->block, size_bytes);
    if (block == NULL) {
        claim(churn, !churn->stays, "a reallocate in place was refused");
        churn->refusals++;
        look_at(churn, slot, slot->size_bytes);
        return;
    }
    claim(churn, !churn->stays || block == slot->block, "a block has moved without a need");
    // The bytes that stayed were written as part of a block of the old size.
    struct churn_slot moved = {block, slot->size_bytes, slot->seed};
    claim(churn, ch_heap_size_bytes(churn->heap, block) == size_bytes, "a new size is not exact");
    if (!churn->leaves_blocks) {
        size_t kept = size_bytes < moved.size_bytes ? size_bytes : moved.size_bytes;
        claim(churn,
              fill_find_wrong(block, moved.size_bytes, fill_of(moved.seed), kept) == SIZE_MAX,
              "a byte was lost when a block got another size");
    }
    settle(churn, slot, block, size_bytes);
}

void churn_step(struct churn *churn)
{
    struct churn_slot *slot = &churn->slots[below(churn, CHURN_SLOTS)];
    if (slot->block == NULL) {
        size_t size_bytes = any_size(churn);
        void *block = ch_heap_alloc(churn->heap, size_bytes);
        churn->refusals += block == NULL;
        settle(churn, slot, block, size_bytes);
    } else if (below(churn, 3) == 0) {
        reallocate(churn, slot);
    } else {
        look_at(churn, slot, slot->size_bytes);
        ch_heap_free(churn->heap, slot->block);
        slot->block = NULL;
    }
    if (slot->block != NULL) {
        look_at(churn, slot, slot->size_bytes);
    }
}

void churn_look(struct churn *churn)
{
    for (unsigned i = 0; i < CHURN_SLOTS; i++) {
        if (churn->slots[i].block != NULL) {
            look_at(churn, &churn->slots[i], churn->slots[i].size_bytes);
        }
    }
}

void churn_end(struct churn *churn)
{
    churn_look(churn);
    for (unsigned i = 0; i < CHURN_SLOTS; i++) {
        ch_heap_free(churn->heap, churn->slots[i].block);
        churn->slots[i].block = NULL;
    }
}

// The model: the expected state of a heap, in the harness's own memory. It knows which slots hold a
// block, where, and of what size. It finds overlaps. It never calls the heap.
//
// A wrapper stands in front of the heap. It requests more bytes than the caller does, and keeps its
// own bytes before and after each block.
#ifndef LAWS_MODEL_H
#define LAWS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/op.h"
#include "laws/fill.h"

/// A slot. When it is not live, `block` is its last block, or NULL.
struct held {
    void *block;
    size_t size_bytes;
    size_t last_bytes;  ///< Its size when it was last live.
    uint64_t ended_at;  ///< The model's `requests` when it was freed.
    size_t grown_bytes; ///< The largest that it has had, with the wrapper's bytes,
    size_t room_bytes;  ///< and up to which it must grow in place; at least its size.
    struct fill fill;   ///< The bytes in it.
    enum lane lane;     ///< The lane that it was allocated on.
    size_t front_bytes; ///< A wrapper's own bytes of it, before the address,
    size_t tail_bytes;  ///< and after the end.
    size_t spare_bytes; ///< The heap's bytes behind that, so that no block starts at this address.
    size_t slack_bytes; ///< The bytes behind its end that are its owner's, too.
    size_t alignment_bytes; ///< Requested when it was granted; 0: none.
    bool is_wrapped;        ///< It was granted through a wrapper.
    bool is_live;
    bool is_known; ///< On the list of slots to clear.
};

/// The one model: a process runs one program at a time.
struct model {
    struct held slots[SLOTS];
    size_t live_blocks;
    size_t live_bytes; ///< With the wrapper's bytes, and spare ones.
    size_t peak_live_bytes;
    size_t grown_bytes, peak_grown_bytes; ///< Likewise of the largest sizes that blocks have had.
    size_t since_empty_bytes; ///< Granted since the heap was as good as new: see subject.h.
    size_t since_empty_blocks;
    size_t aligned_bytes; ///< The sum of the alignments that were requested in this world.
    enum lane lane;       ///< The lane that calls come from.
    bool stays_used;      ///< The heap does until it is minimized: see port.h.
    bool is_used;         ///< A block was granted since no lane had any,
    bool is_mixed;        ///< and after that calls came from another lane.
    bool is_wrapped;      ///< A wrapper grants blocks,
    size_t front_bytes, tail_bytes; ///< and keeps this many bytes of each.
    size_t wrapped_blocks;          ///< The wrapped ones of the live blocks.
    uint64_t requests; ///< Counts requests, and minimizing: a freed block may be gone after either.
    uint64_t fills;    ///< The number of fills: no two blocks have the same bytes.
};
extern struct model model;

/// Forgets everything except the lane.
void model_clear(void);

/// Record that calls come from a lane from now on, and that the heap was minimized: no block waits
/// in any lane.
void model_enter(enum lane lane);
void model_minimize(void);

/// Returns whether a heap is as good as new: no block is live, and the heap has noticed that. Each
/// lane sees only the blocks that are allocated and freed on it. So where several lanes were in
/// use, only minimizing makes sure. Of a heap that stays used, only minimizing ever does.
bool model_is_as_new(bool stays_used);

/// Records a granted block. Returns SLOTS iff it overlaps no live block. Otherwise returns the slot
/// of one that it overlaps, and records nothing. A block of 0 bytes counts as one byte: its address
/// is its own.
uint32_t model_begin(uint32_t slot, void *block, size_t size_bytes);

/// Records that the slot's block is no longer live.
void model_end(uint32_t slot);

/// Records that the slot's block has another size, in place. Returns as model_begin does.
uint32_t model_resize(uint32_t slot, size_t size_bytes);

/// Records how many bytes the slot's block, which was just granted, has room for.
void model_give_room(uint32_t slot, size_t room_bytes);

/// Records that the bytes behind the slot's block are its owner's, too, up to its next change.
/// Returns as model_begin does.
uint32_t model_give_slack(uint32_t slot, size_t slack_bytes);

/// Records that the slot's block has moved, and has another size. For a moment both blocks were
/// live, so the heap was not empty. Returns as model_begin does.
uint32_t model_move(uint32_t slot, void *block, size_t size_bytes);

/// Records that a request was refused. The heap may have looked for room among freed blocks.
void model_refuse(void);

/// Records a block that came and went within another call.
void model_pass(size_t size_bytes);

/// Return the size of the heap's own block behind a slot's live one, and its part from the address
/// on. The heap's block holds the slot's block, a wrapper's bytes and spare ones.
size_t model_real_bytes(const struct held *held);
size_t model_end_bytes(const struct held *held);

/// Returns the spare bytes of a block for which a caller requests size_bytes and a wrapper
/// asked_bytes. A block of 0 bytes may be the end of the wrapper's request: no other block may
/// start there.
size_t model_spare_bytes(size_t size_bytes, size_t asked_bytes);

/// Returns whether a live block of a slot has an address among its own bytes, not in its slack.
bool model_has(uint32_t slot, const void *address);

/// Returns the live block that starts at this address, or NULL.
const struct held *model_at(const void *address);

/// Returns whether the heap's own block behind a live one starts at this address. It starts at the
/// live block's address, or at a wrapper's bytes in front of it.
bool model_owns(const void *address);

/// Returns the slot of the index-th live block in the order of addresses. Precondition: index is
/// below live_blocks.
uint32_t model_live_slot(size_t index);

/// The live blocks beside an address, without the one that starts there; NULL where there is none.
struct neighbours {
    const struct held *previous, *next;
};
struct neighbours model_neighbours(const void *address);

/// Return whether a slot's block was freed, and whether one was that starts at this address. Since
/// then nothing was requested, and the heap was not minimized.
bool model_is_freed(uint32_t slot);
bool model_was_freed_at(uintptr_t address);

/// Returns whether a live block starts at this address.
bool model_starts_at(const void *address);

/// Returns whether a live block has a byte at this address.
bool model_holds(const void *address);

/// Returns the slot of the first live block that ends above this address. That block holds the
/// address, or is the next one behind it. Returns SLOTS iff there is none.
uint32_t model_next(uintptr_t address);

/// Returns the size of a slot's block; 0 where it holds none. Fits size_resolve.
size_t model_size_of(const void *unused, uint32_t slot);

#endif
